// The details panel, with graphs of the last minute and facts about the camera.

import { bandwidth, duration, text } from "./strings.js";
import { make } from "./dom.js";
import { now } from "./engine.js";

const graphs = [
  { key: "age", value: (second) => second.delay, minimumScale: 50, show: duration },
  { key: "rate", value: (second) => second.frames, minimumScale: 5, show: (value) => text("fps", { value: Math.round(value) }) },
  { key: "bandwidth", value: (second) => second.bits, minimumScale: 1_000_000, show: bandwidth },
];

export class Details {
  #root;
  #player = null;
  #timer = 0;

  constructor(root) {
    this.#root = root;
  }

  /** The player whose figures are shown once per second. Null closes the panel. */
  set player(player) {
    clearInterval(this.#timer);
    this.#player = player;
    this.#root.hidden = player === null;
    if (!player) return;
    this.rebuild();
    this.#timer = setInterval(() => this.#draw(), 1000);
  }

  rebuild() {
    if (!this.#player) return;
    this.#root.setAttribute("aria-label", text("details"));
    const figures = graphs.map(({ key }) => make("figure", { className: "graph" },
      make("figcaption", {}, `${text(key)}, ${text("lastMinute")}`, make("b")), make("canvas"), make("small")));
    this.#root.replaceChildren(...figures, make("dl", { className: "facts" }));
    this.#draw();
  }

  #draw() {
    const minute = this.#player.metrics.minute(now());
    graphs.forEach((graph, index) => {
      const values = minute.map((second) => (second ? graph.value(second) : null));
      const figure = this.#root.children[index];
      const newest = values.findLast((value) => value !== null);
      figure.querySelector("b").textContent = newest == null ? "" : graph.show(newest);
      figure.lastChild.textContent = newest == null ? "" : text("most", { value: graph.show(Math.max(...values)) });
      drawGraph(figure.querySelector("canvas"), values, graph.minimumScale);
    });
    this.#root.lastChild.replaceChildren(...this.#facts().flatMap(([key, value]) => [
      make("dt", { textContent: text(key) }), make("dd", { textContent: value }),
    ]));
  }

  #facts() {
    const { size, frame, metrics, status } = this.#player;
    const source = status?.source ?? {};
    return [
      ["size", size.width ? `${size.width} × ${size.height}` : "–"],
      ["source", (source.kind === "upstream" ? source.device.replace(/^https?:\/\//, "") : source.name || source.device) || "–"],
      ["format", source.format || "–"],
      ["frame", frame?.id ?? "–"],
      ["viewers", status?.viewers ?? "–"],
      ["dropped", metrics.dropped],
      ["skipped", metrics.skipped],
      ["reconnects", metrics.reconnects],
      ["restarts", status?.restarts ?? "–"],
    ];
  }
}

/** Draws a filled line graph in which null is a gap. */
function drawGraph(canvas, values, minimumScale) {
  const ratio = devicePixelRatio;
  const width = (canvas.width = Math.round(canvas.clientWidth * ratio));
  const height = (canvas.height = Math.round(canvas.clientHeight * ratio));
  const context = canvas.getContext("2d");
  const maximum = Math.max(minimumScale, ...values.map((value) => value ?? 0)) * 1.15;
  const x = (index) => (index * width) / (values.length - 1);
  const y = (value) => height - ratio - (value / maximum) * (height - 2 * ratio);
  context.strokeStyle = context.fillStyle = getComputedStyle(canvas).getPropertyValue("--graph");
  context.lineWidth = 1.5 * ratio;
  context.lineJoin = "round";
  for (let from = 0; from < values.length; from += 1) {
    if (values[from] === null) continue;
    let to = from;
    while (to + 1 < values.length && values[to + 1] !== null) to += 1;
    const line = new Path2D();
    line.moveTo(x(from), y(values[from]));
    for (let index = from; index <= to; index += 1) line.lineTo(x(index), y(values[index]));
    context.globalAlpha = 1;
    context.stroke(line);
    line.lineTo(x(to), height);
    line.lineTo(x(from), height);
    context.globalAlpha = 0.16;
    context.fill(line);
    from = to;
  }
}
