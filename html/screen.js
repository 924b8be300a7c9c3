// A canvas and the engine that paints on it: in a worker of its own where the browser can hand a canvas to
// one, else in the page.

import { Engine } from "./engine.js";

export class Screen {
  canvas = document.createElement("canvas");
  #onMessage;
  #worker = null;
  #engine = null;
  #ticket = 0;
  #waiting = new Map();

  /** What fetch and canvas must be able to do; without it the player falls back to an `<img>`. */
  static get isSupported() {
    return typeof ReadableStream === "function" && "body" in Response.prototype && typeof createImageBitmap === "function";
  }

  constructor(onMessage) {
    this.#onMessage = onMessage;
    try {
      if (typeof OffscreenCanvas !== "function") throw new Error("no OffscreenCanvas");
      this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
      const canvas = this.canvas.transferControlToOffscreen();
      this.#worker.postMessage({ canvas }, [canvas]);
      this.#worker.addEventListener("message", ({ data }) => this.#receive(data));
    } catch {
      // No such worker here, or the page that embeds the player is from another origin.
      this.#worker?.terminate();
      this.#worker = null;
      this.canvas = document.createElement("canvas");
      this.#engine = new Engine(this.canvas, onMessage);
    }
  }

  /** Calls a method of the engine. */
  call(method, ...values) {
    if (this.#engine) this.#engine[method](...values);
    else this.#worker.postMessage({ call: method, values });
  }

  /** The JPEG on the screen: `{ id, time, bytes }`, or null. */
  async picture() {
    if (this.#engine) return this.#engine.picture();
    const ticket = (this.#ticket += 1);
    return new Promise((resolve) => {
      this.#waiting.set(ticket, resolve);
      this.#worker.postMessage({ call: "picture", ticket });
    });
  }

  close() {
    this.call("stop");
    this.#worker?.terminate();
  }

  #receive(data) {
    if (data.type === "picture") {
      this.#waiting.get(data.ticket)?.(data.picture);
      this.#waiting.delete(data.ticket);
    } else {
      this.#onMessage(data);
    }
  }
}
