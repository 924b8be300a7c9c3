// Boxes drawn over a picture, whether zoomed, rotated or mirrored. Labels stay upright and keep their size.

import { svg } from "./dom.js";

/** Each is dark enough for white text. */
const tones = ["#d62728", "#1f77b4", "#2c8c2c", "#c85a00", "#8e5cb8", "#8c564b", "#c74f9e", "#5f5f5f", "#7f7a10", "#0e8694"];

const labelHeight = 20;

export class BoxLayer {
  #root;
  #groups = [];
  #detections;
  #player = null;
  #onHighlight;

  /** `frame`: the size of the picture; `detections`: boxes with a `text`; `onHighlight(index)`: on hover. */
  constructor({ width, height }, detections, onHighlight) {
    this.#detections = detections;
    this.#onHighlight = onHighlight;
    this.#root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    this.#root.setAttribute("aria-label", detections.map((detection) => `${detection.text} ${Math.round(detection.confidence * 100)} %`).join(", "));
    this.#root.classList.add("picture", "boxes");
    // The detection with the highest confidence is drawn last, on top.
    detections.forEach((detection, index) => this.#groups.unshift(this.#group(detection, index)));
    this.#root.append(...this.#groups);
    this.#groups.reverse();
  }

  tone(index) {
    return tones[this.#detections[index].class_id % tones.length];
  }

  /** Shows the boxes over a player's picture. */
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

  /** Highlights one box; null highlights none. */
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
    const words = svg("text", { x: 6, y: labelHeight - 6 });
    words.textContent = `${detection.text} ${Math.round(detection.confidence * 100)} %`;
    label.append(svg("rect", { height: labelHeight, rx: 3 }), words);
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
    this.#groups.forEach((group, index) => {
      const { x_min: left, y_min: top, x_max: right, y_max: bottom } = this.#detections[index];
      const corners = [[left, top], [right, top], [left, bottom], [right, bottom]].map(([x, y]) => matrix.transformPoint({ x, y }));
      const [, label] = group.children;
      const [plate, words] = label.children;
      const width = words.getComputedTextLength() + 12;
      plate.setAttribute("width", width);
      // Above the box, or inside its top edge if there is no room above.
      const x = Math.max(0, Math.min(Math.min(...corners.map((corner) => corner.x)), stage.width - width));
      const edge = Math.min(...corners.map((corner) => corner.y));
      const y = edge >= labelHeight ? edge - labelHeight : Math.max(edge, 0);
      label.setAttribute("transform", inverse.translate(x, y).toString());
    });
  };
}
