// Draws boxes over a picture that may be zoomed, rotated or mirrored. Labels stay upright and keep their size.

import { svg } from "./dom.js";
import { percent } from "./strings.js";
import { tones, usual } from "./tones.js";

const labelHeight = 20;
/** On a narrower stage, labels have no percentage. */
const minimumStageWidth = 480;

/** Returns a tone for each label. Tones repeat only if there are too many labels. */
function tonesFor(labels) {
  const found = [...new Set(labels)];
  const byLabel = new Map(found.filter((label) => usual.includes(label)).map((label) => [label, tones[usual.indexOf(label)]]));
  const free = tones.filter((tone) => ![...byLabel.values()].includes(tone));
  const others = found.filter((label) => !byLabel.has(label));
  others.forEach((label, index) => byLabel.set(label, (free.length > 0 ? free : tones)[index % (free.length || tones.length)]));
  return byLabel;
}

const overlaps = (one, other) => one.x < other.x + other.width && other.x < one.x + one.width && Math.abs(one.y - other.y) < labelHeight;

export class BoxLayer {
  #root;
  #groups = [];
  #detections;
  #tones;
  #player = null;
  #onHighlight;

  /**
   * `detections` come from the server, each with a translated `text`. `onHighlight` is called with a box's index when
   * the pointer enters the box, and with null when it leaves.
   */
  constructor({ width, height }, detections, onHighlight) {
    this.#detections = detections;
    this.#tones = tonesFor(detections.map((detection) => detection.label));
    this.#onHighlight = onHighlight;
    this.#root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    this.#root.setAttribute("aria-label", detections.map(({ text, confidence }) => `${text} ${percent(confidence)}`).join(", "));
    this.#root.classList.add("picture", "boxes");
    // The detection with the highest confidence is drawn last, on top.
    detections.forEach((detection, index) => this.#groups.unshift(this.#group(detection, index)));
    this.#root.append(...this.#groups);
    this.#groups.reverse();
  }

  tone(index) {
    return this.#tones.get(this.#detections[index].label);
  }

  attach(player) {
    this.#player = player;
    player.view.overlay = this.#root;
    player.view.addEventListener("layout", this.#placeLabels);
    this.#placeLabels();
  }

  remove() {
    if (!this.#player) return;
    this.#player.view.removeEventListener("layout", this.#placeLabels);
    this.#player.view.overlay = null;
    this.#player = null;
  }

  /** Highlights the box at `index`, or no box if it is null. */
  highlight(index) {
    this.#groups.forEach((group, place) => {
      group.classList.toggle("dim", index !== null && place !== index);
      group.classList.toggle("lit", place === index);
    });
  }

  #group(detection, index) {
    const group = svg("g", { "data-detection": index });
    group.style.setProperty("--tone", this.tone(index));
    const box = svg("rect", {
      class: "box", x: detection.x_min, y: detection.y_min, width: detection.x_max - detection.x_min, height: detection.y_max - detection.y_min,
      "vector-effect": "non-scaling-stroke",
    });
    const label = svg("g", { class: "label" });
    label.append(svg("rect", { height: labelHeight, rx: 3 }), svg("text", { x: 6, y: labelHeight - 6 }));
    group.append(box, label);
    group.addEventListener("pointerenter", () => this.#onHighlight(index));
    group.addEventListener("pointerleave", () => this.#onHighlight(null));
    return group;
  }

  #placeLabels = () => {
    const { matrix } = this.#player.view;
    if (!matrix) return;
    const inverse = matrix.inverse();
    const stage = this.#player.getBoundingClientRect();
    const placed = [];
    this.#groups.forEach((group, index) => {
      const { x_min: left, y_min: top, x_max: right, y_max: bottom, text, confidence } = this.#detections[index];
      const corners = [[left, top], [right, top], [left, bottom], [right, bottom]].map(([x, y]) => matrix.transformPoint({ x, y }));
      const [, label] = group.children;
      const [plate, words] = label.children;
      words.textContent = stage.width < minimumStageWidth ? text : `${text} ${percent(confidence)}`;
      const width = words.getComputedTextLength() + 12;
      plate.setAttribute("width", width);
      const x = Math.max(0, Math.min(Math.min(...corners.map((corner) => corner.x)), stage.width - width));
      const [upper, lower] = [Math.min, Math.max].map((extreme) => extreme(...corners.map((corner) => corner.y)));
      // The label is above the box, inside its top or bottom edge, below it, or in a row without other labels.
      const rows = Array.from({ length: Math.floor(stage.height / labelHeight) }, (_, row) => row * labelHeight);
      const places = [upper - labelHeight, upper, lower - labelHeight, lower, ...rows]
        .filter((y) => y >= 0 && y + labelHeight <= stage.height).map((y) => ({ x, y, width }));
      const place = places.find((one) => !placed.some((other) => overlaps(one, other))) ?? places[0] ?? { x, y: 0, width };
      placed.push(place);
      label.setAttribute("transform", inverse.translate(place.x, place.y).toString());
    });
  };
}
