// Reads the detection results inside a JPEG, and draws them on the picture. The engine loads this on demand.

import { tones, usual } from "./tones.js";

/** The first bytes of the comment that contains the results (docs/live-detection.md). */
const tag = new TextEncoder().encode("ORIEL/1 ");
const maximumCount = 64;
const others = [];

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
    const isBox = (box) => Array.isArray(box) && box.length === 4 && box.every(Number.isFinite) && box[0] < box[2] && box[1] < box[3];
    const isValid = (object) => isBox(object?.box) && typeof object.label === "string";
    return Array.isArray(results?.objects) ? { ...results, objects: results.objects.filter(isValid).slice(0, maximumCount) } : null;
  } catch {
    return null;
  }
}

function tone(label) {
  if (usual.includes(label)) return tones[usual.indexOf(label)];
  if (!others.includes(label)) others.push(label);
  return tones[(usual.length + others.indexOf(label)) % tones.length];
}

/** Draws the boxes of a picture that is on the canvas; returns their number. `names` translates labels. */
export function drawBoxes(context, bytes, names) {
  const results = resultsIn(bytes);
  if (!results) return 0;
  const scale = Math.max(1, Math.min(context.canvas.width, context.canvas.height) / 480);
  const isExact = results.look !== "predicted";
  const height = 18 * scale;
  context.font = `${13 * scale}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.lineWidth = (isExact ? 3 : 1.5) * scale;
  for (const { box: [left, top, right, bottom], label, score } of results.objects) {
    context.strokeStyle = context.fillStyle = tone(label);
    context.strokeRect(left, top, right - left, bottom - top);
    // A predicted box has no confidence.
    const words = `${names[label] ?? label}${isExact && Number.isFinite(score) ? ` ${Math.round(score * 100)}%` : ""}`;
    const width = context.measureText(words).width + 10 * scale;
    const x = Math.max(0, Math.min(left - context.lineWidth / 2, context.canvas.width - width));
    const y = top >= height ? top - height : top;
    context.fillRect(x, y, width, height);
    context.fillStyle = "#fff";
    context.fillText(words, x + 5 * scale, y + height / 2);
  }
  return results.objects.length;
}
