// A canvas and the engine that paints it. The engine runs in a shared worker if the browser has OffscreenCanvas.

import { make } from "./dom.js";
import { Engine } from "./engine.js";

const workerLimit = Math.max(1, Math.min(4, (navigator.hardwareConcurrency || 2) - 1));
const workers = [];
const receivers = new Map();
let lastKey = 0;

function workerFor(key) {
  const place = key % workerLimit;
  if (!workers[place]) {
    const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => receivers.get(data.key)?.(data.message));
    workers[place] = worker;
  }
  return workers[place];
}

export class Screen {
  element = make("canvas");
  canFreeze = true;
  #key = (lastKey += 1);
  #onMessage;
  #worker = null;
  #engine = null;
  #ticket = 0;
  #waiting = new Map();

  /** Whether fetch can stream in this browser. If not, the player uses an `<img>`. */
  static get isSupported() {
    return typeof ReadableStream === "function" && "body" in Response.prototype && typeof createImageBitmap === "function";
  }

  constructor(onMessage) {
    this.#onMessage = onMessage;
    try {
      const isOwnPage = import.meta.url.startsWith(`${location.origin}/`);
      if (typeof OffscreenCanvas !== "function" || !isOwnPage) throw new Error("no worker");
      this.#worker = workerFor(this.#key);
      const canvas = this.element.transferControlToOffscreen();
      receivers.set(this.#key, (message) => this.#receive(message));
      this.#worker.postMessage({ key: this.#key, canvas }, [canvas]);
    } catch {
      // No worker can be used. Some browsers report this only after the transfer of the canvas.
      this.#worker = null;
      this.element = make("canvas");
      this.#engine = new Engine(this.element, onMessage);
    }
  }

  /** Calls a method of the engine. */
  call(method, ...values) {
    if (this.#engine) this.#engine[method](...values);
    else this.#worker.postMessage({ key: this.#key, call: method, values });
  }

  close() {
    this.call(this.#engine ? "stop" : "close");
    receivers.delete(this.#key);
  }

  /** Returns the JPEG on the screen as `{ id, time, bytes }`, or null. */
  async picture() {
    if (this.#engine) return this.#engine.picture();
    const ticket = (this.#ticket += 1);
    return new Promise((resolve) => {
      this.#waiting.set(ticket, resolve);
      this.call("picture", ticket);
    });
  }

  #receive(message) {
    if (message.type === "picture") {
      this.#waiting.get(message.ticket)?.(message.picture);
      this.#waiting.delete(message.ticket);
    } else {
      this.#onMessage(message);
    }
  }
}
