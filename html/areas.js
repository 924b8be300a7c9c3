// The areas of a camera's picture, and the lines of the configuration file that define them (docs/live-detection.md).
// Corners are [x, y] in fractions of the picture as the camera sends it, whatever the view of the page is.

/** The kinds of areas. `member` is the member of the detector's status that contains them. */
export const kinds = {
  zone: { member: "zones", hasClasses: true, hasSeconds: true, name: "zone" },
  mask: { member: "masks", hasClasses: false, hasSeconds: false, name: "mask" },
  ignore: { member: "ignored", hasClasses: true, hasSeconds: false, name: "area" },
};
export const minimumCorners = 3;
export const maximumCorners = 64;
export const maximumSeconds = 3600;
const standardSeconds = 0.6;

/** Creates an area of a kind, without corners, whose name does not exist yet. */
export function newArea(kind, others) {
  return { kind, name: freeName(kind, others), corners: [], classes: [], seconds: standardSeconds };
}

/** Returns a name that no area of this kind in `others` has. */
export function freeName(kind, others) {
  const names = others.filter((other) => other.kind === kind).map(({ name }) => name);
  let number = 1;
  while (names.includes(`${kinds[kind].name}-${number}`)) number += 1;
  return `${kinds[kind].name}-${number}`;
}

/** Returns the areas in a camera's part of the detector's status, without invalid ones. */
export function areasIn(camera) {
  return Object.keys(kinds).flatMap((kind) => (camera?.[kinds[kind].member] ?? []).filter(isValid).map(({ name, corners, classes, seconds }) => ({
    kind,
    name,
    corners: corners.map(([x, y]) => [x, y]),
    classes: Array.isArray(classes) ? classes.filter((one) => typeof one === "string") : [],
    seconds: Number.isFinite(seconds) ? seconds : standardSeconds,
  })));
}

function isValid(area) {
  const isCorner = (corner) => Array.isArray(corner) && corner.length === 2 && corner.every((value) => value >= 0 && value <= 1);
  return typeof area?.name === "string" && Array.isArray(area.corners) && area.corners.length >= minimumCorners && area.corners.every(isCorner);
}

/** Returns a copy that does not change with the original. */
export const copyOf = (area) => ({ ...area, corners: area.corners.map(([x, y]) => [x, y]), classes: [...area.classes] });

const rounded = (value) => String(Number(value.toFixed(3)));

/** Returns the lines that define an area. Defaults are left out. */
export function linesOf({ kind, name, corners, classes, seconds }) {
  const { hasClasses, hasSeconds } = kinds[kind];
  const lines = [`${kind}.${name} = ${corners.map((corner) => corner.map(rounded).join(",")).join(" ")}`];
  if (hasClasses && classes.length > 0) lines.push(`${kind}.${name}.classes = ${classes.join(", ")}`);
  if (hasSeconds && seconds !== standardSeconds) lines.push(`${kind}.${name}.seconds = ${rounded(seconds)}`);
  return lines.join("\n");
}

/** Returns what is wrong with an area as the end of a key in the texts, or "". */
export function faultOf(area, areas) {
  const { kind, name, corners, seconds } = area;
  if (corners.length < minimumCorners) return "few";
  if ([0, 1].some((axis) => new Set(corners.map((corner) => rounded(corner[axis]))).size < 2)) return "flat";
  if (!/^[a-z][a-z0-9_-]{0,31}$/i.test(name)) return "name";
  if (areas.some((other) => other !== area && other.kind === kind && other.name === name)) return "taken";
  if (kinds[kind].hasSeconds && !(seconds >= 0 && seconds <= maximumSeconds)) return "seconds";
  return "";
}

/** Returns whether two edges of an outline cross. What is inside such an area is hard to see. */
export function crossesItself(corners) {
  const side = ([ax, ay], [bx, by], [cx, cy]) => Math.sign((bx - ax) * (cy - ay) - (by - ay) * (cx - ax));
  const edges = corners.map((corner, index) => [corner, corners[(index + 1) % corners.length]]);
  return edges.some(([a, b], index) => edges.slice(index + 2).some(([c, d]) => side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0));
}

/** Returns whether a point is inside an outline, according to the even-odd rule. */
export function contains(corners, [x, y]) {
  let isInside = false;
  corners.forEach(([ax, ay], index) => {
    const [bx, by] = corners.at(index - 1);
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) isInside = !isInside;
  });
  return isInside;
}
