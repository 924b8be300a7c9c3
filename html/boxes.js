// Boxes over a picture, in its own pixels, however it is zoomed, turned and mirrored. Labels stay upright and in one size.

import { svg } from "./dom.js";

/** Each carries white letters. */
const tones = ["#d62728", "#1f77b4", "#2c8c2c", "#c85a00", "#8e5cb8", "#8c564b", "#c74f9e", "#5f5f5f", "#7f7a10", "#0e8694"];

const labelHeight = 20;

export class BoxLayer {
  #root;
  #groups = [];
  #finds;
  #player = null;
  #onLight;

  /** `frame`: width and height of the picture; `finds`: boxes with a `text` each; `onLight(index)`: one is pointed at. */
  constructor({ width, height }, finds, onLight) {
    this.#finds = finds;
    this.#onLight = onLight;
    this.#root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    this.#root.setAttribute("aria-label", finds.map((find) => `${find.text} ${Math.round(find.confidence * 100)} %`).join(", "));
    this.#root.classList.add("picture", "boxes");
    // The most certain is drawn last, on top.
    finds.forEach((find, index) => this.#groups.unshift(this.#group(find, index)));
    this.#root.append(...this.#groups);
    this.#groups.reverse();
  }

  tone(index) {
    return tones[this.#finds[index].class_id % tones.length];
  }

  /** Lays the boxes over a player's picture. */
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

  /** Shows one box above the others; null: all alike. */
  light(index) {
    this.#groups.forEach((group, place) => group.classList.toggle("dim", index !== null && place !== index));
    this.#groups.forEach((group, place) => group.classList.toggle("lit", place === index));
  }

  #group(find, index) {
    const group = svg("g", { "data-find": index });
    group.style.setProperty("--tone", this.tone(index));
    const box = svg("rect", {
      class: "box", x: find.x_min, y: find.y_min, width: find.x_max - find.x_min, height: find.y_max - find.y_min,
      "vector-effect": "non-scaling-stroke",
    });
    const label = svg("g", { class: "label" });
    const words = svg("text", { x: 6, y: labelHeight - 6 });
    words.textContent = `${find.text} ${Math.round(find.confidence * 100)} %`;
    label.append(svg("rect", { height: labelHeight, rx: 3 }), words);
    group.append(box, label);
    group.addEventListener("pointerenter", () => this.#onLight(index));
    group.addEventListener("pointerleave", () => this.#onLight(null));
    return group;
  }

  #placeLabels = () => {
    const { matrix } = this.#player.view;
    if (!matrix) return;
    const inverse = matrix.inverse();
    const stage = this.#player.getBoundingClientRect();
    this.#groups.forEach((group, index) => {
      const { x_min: left, y_min: top, x_max: right, y_max: bottom } = this.#finds[index];
      const corners = [[left, top], [right, top], [left, bottom], [right, bottom]].map(([x, y]) => matrix.transformPoint({ x, y }));
      const [, label] = group.children;
      const [plate, words] = label.children;
      const width = words.getComputedTextLength() + 12;
      plate.setAttribute("width", width);
      // Above the box, or within it at its top where there is no room above.
      const x = Math.max(0, Math.min(Math.min(...corners.map((corner) => corner.x)), stage.width - width));
      const edge = Math.min(...corners.map((corner) => corner.y));
      const y = edge >= labelHeight ? edge - labelHeight : Math.max(edge, 0);
      label.setAttribute("transform", inverse.translate(x, y).toString());
    });
  };
}
