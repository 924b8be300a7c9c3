// In place of a screen, without streams in fetch: an `<img>`, which nobody can look into.

import { make } from "./dom.js";

export class ImageScreen {
  element = make("img");
  canFreeze = false;

  constructor(onMessage) {
    this.element.addEventListener("load", () => {
      onMessage({ type: "size", width: this.element.naturalWidth, height: this.element.naturalHeight });
      onMessage({ type: "stillDone" });
    });
    this.element.addEventListener("error", () => {
      onMessage({ type: "closed", cause: "network" });
      onMessage({ type: "stillDone" });
    });
  }

  call(method, ...values) {
    this[method]?.(...values);
  }

  play(address) {
    this.element.src = `${address}${address.includes("?") ? "&" : "?"}advance_headers=1`;
  }

  still(address) {
    // An address that was shown before would be shown again without asking.
    this.element.src = `${address}?max_age=${Date.now() % 3_600_000}`;
  }

  close() {}

  stop() {
    this.element.removeAttribute("src");
  }

  /** Not the one on the screen, which nobody gets, but the server's newest. */
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
