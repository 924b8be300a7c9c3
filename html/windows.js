// How many windows of this browser show the page: they share the six connections that HTTP/1.1 gives them.

const interval = 2_000;
const lifetime = 5_000;

export class Windows extends EventTarget {
  #id = crypto.getRandomValues(new Uint32Array(2)).join("-");
  #others = new Map();
  #channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("oriel.windows") : null;

  constructor() {
    super();
    if (!this.#channel) return;
    this.#channel.addEventListener("message", ({ data }) => this.#hear(data));
    document.addEventListener("visibilitychange", () => this.#tell());
    addEventListener("pagehide", () => this.#channel.postMessage({ id: this.#id, isShown: false }));
    addEventListener("pageshow", () => this.#tell());
    setInterval(() => this.#tell(), interval);
    this.#tell();
  }

  /** This one and the others that are seen. */
  get count() {
    return 1 + this.#others.size;
  }

  #tell() {
    this.#channel.postMessage({ id: this.#id, isShown: !document.hidden });
    this.#change(() => {
      for (const [id, heardAt] of this.#others) {
        if (performance.now() - heardAt > lifetime) this.#others.delete(id);
      }
    });
  }

  #hear({ id, isShown }) {
    const isNew = isShown && !this.#others.has(id);
    this.#change(() => {
      if (isShown) this.#others.set(id, performance.now());
      else this.#others.delete(id);
    });
    if (isNew) this.#channel.postMessage({ id: this.#id, isShown: !document.hidden });
  }

  #change(make) {
    const before = this.count;
    make();
    if (this.count !== before) this.dispatchEvent(new Event("change"));
  }
}
