// The fallback for browsers in which fetch cannot stream. It is an `<img>`, whose frames scripts cannot read.

import { make } from "./dom.js";

export class ImageScreen {
  element = make("img");
  canFreeze = false;

  constructor(onMessage) {
    this.element.addEventListener("load", () => {
      onMessage({ type: "size", width: this.element.naturalWidth, height: this.element.naturalHeight });
      onMessage({ type: "snapshotDone" });
    });
    this.element.addEventListener("error", () => {
      onMessage({ type: "closed", cause: "network" });
      onMessage({ type: "snapshotDone" });
    });
  }

  call(method, ...values) {
    this[method]?.(...values);
  }

  play(address) {
    this.element.src = `${address}${address.includes("?") ? "&" : "?"}advance_headers=1`;
  }

  snapshot(address) {
    // For the same address, the browser would show the previous picture without a request.
    this.element.src = `${address}${address.includes("?") ? "&" : "?"}max_age=${Date.now() % 3_600_000}`;
  }

  close() {}

  stop() {
    this.element.removeAttribute("src");
  }

  /** Fetches the newest picture, since scripts cannot read the one on the screen. Returns null on failure. */
  async picture(snapshot) {
    try {
      const answer = await fetch(snapshot, { cache: "no-store" });
      const number = (name) => Number(answer.headers.get(name)) || 0;
      return answer.ok ? { id: number("x-frame-id"), time: number("x-timestamp") * 1000, bytes: await answer.arrayBuffer() } : null;
    } catch {
      return null;
    }
  }
}
