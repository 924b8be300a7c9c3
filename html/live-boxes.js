// Reads the detection results inside a JPEG, and draws them on the picture. The engine loads this on demand.

import { tones, usual } from "./tones.js";

/** The first bytes of the comment that contains the results (docs/live-detection.md). */
const tag = new TextEncoder().encode("ORIEL/1 ");
const maximumCount = 64;
const maximumLabelLength = 64;
/** Labels without a tone of their own, in the order in which they appeared. */
const others = [];
const maximumOtherCount = 256;

/** Returns the results as an object with a valid list `objects`, or null if the JPEG contains none. */
export function resultsIn(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda) {
    const end = at + 2 + bytes[at + 2] * 256 + bytes[at + 3];
    if (end < at + 4 || end > bytes.length) return null;
    const isResults = bytes[at + 1] === 0xfe && tag.every((byte, place) => bytes[at + 4 + place] === byte);
    if (isResults) return parse(bytes.subarray(at + 4 + tag.length, end));
    at = end;
  }
  return null;
}

function parse(bytes) {
  try {
    const results = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(results?.objects) ? { ...results, objects: results.objects.filter(isValid).slice(0, maximumCount) } : null;
  } catch {
    return null;
  }
}

function isValid(object) {
  const { box, label } = object ?? {};
  const isBox = Array.isArray(box) && box.length === 4 && box.every(Number.isFinite);
  const isArea = isBox && box[0] < box[2] && box[1] < box[3] && Number.isFinite(box[2] - box[0]) && Number.isFinite(box[3] - box[1]);
  return isArea && typeof label === "string" && label.length <= maximumLabelLength;
}

function tone(label) {
  if (usual.includes(label)) return tones[usual.indexOf(label)];
  if (!others.includes(label) && others.length < maximumOtherCount) others.push(label);
  return tones[(usual.length + Math.max(0, others.indexOf(label))) % tones.length];
}

/**
 * Draws the boxes of a picture that is on the canvas. Returns a list of [label, count, tone].
 *
 * `names` translates labels. Boxes of labels in `omitted` are counted, but not drawn. `scale` is the size of the
 * screen's pixels in pixels of the picture.
 */
export function drawBoxes(context, bytes, { names, omitted, scale }) {
  const counts = new Map();
  const results = resultsIn(bytes);
  if (!results) return [];
  const isExact = results.look !== "predicted";
  const height = 18 * scale;
  context.font = `${13 * scale}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.lineWidth = (isExact ? 3 : 1.5) * scale;
  for (const { box: [left, top, right, bottom], label, score } of results.objects) {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    if (omitted.includes(label)) continue;
    context.strokeStyle = context.fillStyle = tone(label);
    context.strokeRect(left, top, right - left, bottom - top);
    // A predicted box has no confidence.
    const name = Object.hasOwn(names, label) ? names[label] : label;
    const words = `${name}${isExact && Number.isFinite(score) ? ` ${Math.round(score * 100)}%` : ""}`;
    const width = context.measureText(words).width + 10 * scale;
    const x = Math.max(0, Math.min(left - context.lineWidth / 2, context.canvas.width - width));
    const y = top >= height ? top - height : top;
    context.fillRect(x, y, width, height);
    context.fillStyle = "#fff";
    context.fillText(words, x + 5 * scale, y + height / 2);
  }
  return [...counts].map(([label, count]) => [label, count, tone(label)]);
}
