// Lays out a picture on its stage: fitted, filling it or at actual size, and zoomed, moved, rotated or mirrored.

const modes = ["fit", "fill", "actual"];
const minimumZoom = 1;
const maximumZoom = 16;

export class View extends EventTarget {
  mode = "fit";
  zoom = 1;
  x = 0;
  y = 0;
  rotation = 0;
  isMirrored = false;
  /** The size of a pixel of the picture in pixels of the stage. */
  scale = 1;
  /** Maps the picture's pixels to the stage's. Fires "layout" when it changes. */
  matrix = null;
  #stage;
  #canvas = null;
  #overlay = null;
  #size = { width: 0, height: 0 };

  /** `stage` is the element that contains the canvas. */
  constructor(stage) {
    super();
    this.#stage = stage;
    new ResizeObserver(() => this.apply()).observe(stage);
  }

  /** An element over the picture, with the picture's coordinates. Null removes it. */
  set overlay(element) {
    this.#overlay?.remove();
    this.#overlay = element;
    if (element) this.#canvas.after(element);
    this.apply();
  }

  set canvas(canvas) {
    this.#canvas = canvas;
    this.apply();
  }

  /** The picture's own size in pixels. */
  set size({ width, height }) {
    if (width === this.#size.width && height === this.#size.height) return;
    this.#size = { width, height };
    this.apply();
  }

  nextMode() {
    this.set({ mode: modes[(modes.indexOf(this.mode) + 1) % modes.length], zoom: 1, x: 0, y: 0 });
  }

  rotate() {
    this.set({ rotation: (this.rotation + 90) % 360 });
  }

  mirror() {
    this.set({ isMirrored: !this.isMirrored });
  }

  reset() {
    this.set({ mode: "fit", zoom: 1, x: 0, y: 0, rotation: 0, isMirrored: false });
  }

  /** Zooms around a point relative to the stage's centre. */
  zoomBy(factor, point = { x: 0, y: 0 }) {
    const zoom = Math.min(maximumZoom, Math.max(minimumZoom, this.zoom * factor));
    const ratio = zoom / this.zoom;
    this.set({ zoom, x: point.x - (point.x - this.x) * ratio, y: point.y - (point.y - this.y) * ratio });
  }

  moveBy(x, y) {
    this.set({ x: this.x + x, y: this.y + y });
  }

  /** Whether the picture is larger than the stage and can therefore be moved. */
  get canMove() {
    const { spareX, spareY } = this.#geometry();
    return spareX > 0.5 || spareY > 0.5;
  }

  set(changes) {
    if ("mode" in changes && !modes.includes(changes.mode)) return;
    Object.assign(this, changes);
    this.apply();
    this.dispatchEvent(new Event("change"));
  }

  apply() {
    const { width, height } = this.#size;
    if (!this.#canvas || width === 0 || this.#stage.clientWidth === 0) return;
    const { scale, spareX, spareY } = this.#geometry();
    this.scale = scale;
    this.x = Math.min(spareX, Math.max(-spareX, this.x));
    this.y = Math.min(spareY, Math.max(-spareY, this.y));
    for (const { style } of [this.#canvas, this.#overlay].filter(Boolean)) {
      style.width = `${width}px`;
      style.height = `${height}px`;
      style.transform =
        `translate(-50%, -50%) translate(${this.x}px, ${this.y}px) rotate(${this.rotation}deg) ` +
        `scale(${this.isMirrored ? -scale : scale}, ${scale})`;
    }
    this.matrix = new DOMMatrix()
      .translate(this.#stage.clientWidth / 2 + this.x, this.#stage.clientHeight / 2 + this.y)
      .rotate(this.rotation)
      .scale(this.isMirrored ? -scale : scale, scale)
      .translate(-width / 2, -height / 2);
    this.dispatchEvent(new Event("layout"));
    this.#canvas.style.imageRendering = scale * devicePixelRatio >= 4 ? "pixelated" : "auto";
  }

  #geometry() {
    const isTurned = this.rotation % 180 !== 0;
    const width = isTurned ? this.#size.height : this.#size.width;
    const height = isTurned ? this.#size.width : this.#size.height;
    const across = this.#stage.clientWidth / width;
    const down = this.#stage.clientHeight / height;
    const base = { fit: Math.min(across, down), fill: Math.max(across, down), actual: 1 / devicePixelRatio }[this.mode];
    const scale = base * this.zoom;
    return {
      scale,
      spareX: Math.max(0, (width * scale - this.#stage.clientWidth) / 2),
      spareY: Math.max(0, (height * scale - this.#stage.clientHeight) / 2),
    };
  }
}

/** While `isOn()`, the wheel, dragging, pinching and double clicks on a stage change its view. */
export function addGestures(stage, view, isOn) {
  const pointers = new Map();
  const fromCentre = (event) => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  };

  stage.addEventListener("wheel", (event) => {
    if (!isOn()) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
    view.zoomBy(Math.exp(-pixels / 400), fromCentre(event));
  }, { passive: false });

  stage.addEventListener("dblclick", (event) => {
    if (!isOn()) return;
    if (view.zoom > 1) view.set({ zoom: 1, x: 0, y: 0 });
    else view.zoomBy(2.5, fromCentre(event));
  });

  stage.addEventListener("pointerdown", (event) => {
    if (!isOn() || event.button !== 0) return;
    pointers.set(event.pointerId, fromCentre(event));
    stage.setPointerCapture(event.pointerId);
  });

  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const after = fromCentre(event);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const spread = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      view.zoomBy(spread(after) / spread(before), { x: (after.x + other.x) / 2, y: (after.y + other.y) / 2 });
      view.moveBy((after.x - before.x) / 2, (after.y - before.y) / 2);
    } else {
      view.moveBy(after.x - before.x, after.y - before.y);
    }
    pointers.set(event.pointerId, after);
  });

  const forget = (event) => pointers.delete(event.pointerId);
  stage.addEventListener("pointerup", forget);
  stage.addEventListener("pointercancel", forget);
}
