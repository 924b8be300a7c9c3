// Draws areas over a player's picture, with handles at the corners of the selected one. Everything is drawn in pixels
// of the stage, so that lines and handles keep their size in a picture that is zoomed, rotated or mirrored.

import { svg } from "./dom.js";
import { text } from "./strings.js";

const sheet = new CSSStyleSheet();

sheet.replaceSync(`
  :host(.drawing) .stage { cursor: crosshair; }
  .areas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
  .areas path { fill: none; stroke-linejoin: round; stroke-width: 2.5px; }
  .areas .halo { stroke: rgb(0 0 0 / .6); stroke-width: 5px; }
  .areas .zone .line { stroke: #5cb3ff; }
  .areas .mask .line { stroke: #ffb454; stroke-dasharray: 10 5; }
  .areas .ignore .line { stroke: #ff86b0; stroke-dasharray: 2.5 5; stroke-linecap: round; }
  .areas .selected .line { stroke-width: 3px; fill: rgb(255 255 255 / .14); }
  .areas .hover { stroke: #fff; stroke-width: 1.5px; stroke-dasharray: 4 4; }
  .areas text { fill: #fff; stroke: rgb(0 0 0 / .85); stroke-width: 3px; paint-order: stroke; font: 600 13px system-ui, sans-serif; }
  .areas.faint { opacity: .55; }
  .areas .corner circle { fill: #fff; stroke: #0b0c0d; stroke-width: 2px; }
  .areas .corner .reach { fill: transparent; stroke: none; }
  .areas .corner:focus { outline: none; }
  .areas .corner:focus .dot, .areas .corner.current .dot { fill: #1565c0; stroke: #fff; }
  .areas .corner:focus .ring { fill: none; stroke: #7db8ff; stroke-width: 3px; }
  .areas .corner:not(:focus) .ring { display: none; }
`);

/** A corner can be touched at this distance in pixels, and clicked at the smaller one. */
const reach = { touch: 22, mouse: 12 };

export class AreaLayer {
  #player;
  #root = svg("svg", { class: "areas" });
  #outlines = svg("g");
  #hover = svg("path", { class: "hover" });
  #corners = svg("g");
  #content = { areas: [], selected: null, isDrawing: false, current: -1 };
  #pointer = null;

  /** A layer that `isFaint` only shows areas. */
  constructor(player, isFaint) {
    this.#player = player;
    this.#root.classList.toggle("faint", isFaint);
    this.#root.append(this.#outlines, this.#hover, this.#corners);
    const { shadowRoot } = player;
    if (!shadowRoot.adoptedStyleSheets.includes(sheet)) shadowRoot.adoptedStyleSheets = [...shadowRoot.adoptedStyleSheets, sheet];
    shadowRoot.querySelector(".stage").append(this.#root);
    player.view.addEventListener("layout", this.#draw);
  }

  remove() {
    this.#player.classList.remove("drawing");
    this.#player.view.removeEventListener("layout", this.#draw);
    this.#root.remove();
  }

  /** Shows areas. `selected` is the one with handles or null, and `current` the index of its current corner. */
  show(content) {
    this.#content = content;
    this.#player.classList.toggle("drawing", content.isDrawing);
    this.#draw();
  }

  /** The place of the pointer while an area is drawn, in pixels of the stage, or null. */
  set pointer(point) {
    this.#pointer = point;
    this.#drawHover();
  }

  // Places. A point is [x, y] in pixels of the stage, and a corner is [x, y] in fractions of the picture.

  pointOf({ clientX, clientY }) {
    const { x, y } = this.#player.getBoundingClientRect();
    return [clientX - x, clientY - y];
  }

  pointAt([x, y]) {
    const { size, view } = this.#player;
    const point = view.matrix.transformPoint({ x: x * size.width, y: y * size.height });
    return [point.x, point.y];
  }

  cornerAt([x, y]) {
    const { size, view } = this.#player;
    const place = view.matrix.inverse().transformPoint({ x, y });
    return [place.x / size.width, place.y / size.height].map((value) => Math.min(1, Math.max(0, value)));
  }

  /** Returns the index of the corner that a pointer at this point touches, or -1. */
  indexAt([x, y], pointerType) {
    const distances = (this.#content.selected?.corners ?? []).map((corner) => {
      const [cornerX, cornerY] = this.pointAt(corner);
      return Math.hypot(cornerX - x, cornerY - y);
    });
    const least = Math.min(...distances);
    return least <= (pointerType === "mouse" ? reach.mouse : reach.touch) ? distances.indexOf(least) : -1;
  }

  /** Returns the index of the corner that has the focus, or -1. */
  get focusedIndex() {
    return [...this.#corners.children].indexOf(this.#player.shadowRoot.activeElement);
  }

  focus(index) {
    this.#corners.children[index]?.focus({ preventScroll: true });
  }

  // Drawing.

  #draw = () => {
    if (!this.#player.view.matrix) return;
    const { areas, selected, isDrawing } = this.#content;
    this.#outlines.replaceChildren(...areas.map((area) => this.#outline(area, area === selected, area === selected && isDrawing)));
    this.#drawHover();
    this.#drawCorners();
  };

  #outline(area, isSelected, isOpen) {
    const points = area.corners.map((corner) => this.pointAt(corner));
    const path = `M${points.map((point) => point.join(" ")).join("L")}${isOpen ? "" : "z"}`;
    const group = svg("g", { class: `${area.kind}${isSelected ? " selected" : ""}` });
    if (points.length === 0) return group;
    group.append(svg("path", { class: "halo", d: path }), svg("path", { class: "line", d: path }));
    const [x, y] = points.reduce((best, point) => (point[1] < best[1] ? point : best));
    const { clientWidth: width, clientHeight: height } = this.#player;
    const name = svg("text", { x: Math.min(Math.max(6, x + 6), Math.max(6, width - 8 * area.name.length - 6)), y: Math.min(Math.max(16, y - 10), height - 6) });
    name.textContent = area.name;
    group.append(name);
    return group;
  }

  #drawHover() {
    const { selected, isDrawing } = this.#content;
    const last = isDrawing && this.#pointer && selected?.corners.at(-1);
    this.#hover.setAttribute("d", last ? `M${this.pointAt(last).join(" ")}L${this.#pointer.join(" ")}` : "");
  }

  /** Handles are not replaced, because one of them may have the focus. */
  #drawCorners() {
    const { selected, current } = this.#content;
    const corners = selected?.corners ?? [];
    while (this.#corners.children.length > corners.length) this.#corners.lastChild.remove();
    while (this.#corners.children.length < corners.length) {
      this.#corners.append(svg("g", { class: "corner", tabindex: 0, role: "button" },
        svg("circle", { class: "reach", r: reach.touch }), svg("circle", { class: "ring", r: 12 }), svg("circle", { class: "dot", r: 6.5 })));
    }
    corners.forEach((corner, index) => {
      const handle = this.#corners.children[index];
      const [across, down] = corner.map((value) => (100 * value).toFixed(1));
      handle.setAttribute("transform", `translate(${this.pointAt(corner).join(" ")})`);
      handle.classList.toggle("current", index === current);
      handle.setAttribute("aria-label", text("zones.corner", { number: index + 1, count: corners.length, across, down }));
    });
  }
}
