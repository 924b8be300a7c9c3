// Who may hold a stream. Of the six connections that a browser opens over HTTP/1.1 four are for streams, one is for the
// status, one for stills. All players of a page share them, and so do the windows of one browser.

import { now } from "./engine.js";

const limit = 4;
const shortestRound = 1_000;
const interval = 2_000;
const lifetime = 5_000;

export class Streams {
  #origin;
  #lines = new Set();
  #timer = 0;

  constructor(origin) {
    this.#origin = origin;
  }

  /** `address`: the server's. */
  static of({ origin }) {
    if (!shares.has(origin)) shares.set(origin, new Streams(origin));
    return shares.get(origin);
  }

  /** A player's line hears soon, by `allowStream(isAllowed)`, whether it may. */
  add(line) {
    this.#lines.add(line);
    this.share();
  }

  remove(line) {
    this.#lines.delete(line);
    this.share();
  }

  /** Streams for the first players in the document, stills for the rest; all stream where HTTP/2 carries them. */
  share() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      let places = this.#carriesMany ? Infinity : Math.max(1, Math.floor(limit / (1 + others.size)));
      const isBefore = (one, other) => one.player.compareDocumentPosition(other.player) & Node.DOCUMENT_POSITION_FOLLOWING;
      for (const line of [...this.#lines].sort((one, other) => (isBefore(one, other) ? -1 : 1))) {
        line.allowStream(!line.player.isMissing && places-- > 0);
      }
    });
  }

  get #carriesMany() {
    const isFrom = ({ name, nextHopProtocol }) => /^h[23]/.test(nextHopProtocol) && name.startsWith(`${this.#origin}/`);
    return ["navigation", "resource"].some((type) => performance.getEntriesByType(type).some(isFrom));
  }
}

const shares = new Map();

/** Snapshots for players without a stream: one request at a time, in turn. */
export class StillLane {
  #lines = [];
  #isRunning = false;

  static of({ origin }) {
    if (!lanes.has(origin)) lanes.set(origin, new StillLane());
    return lanes.get(origin);
  }

  add(line) {
    if (!this.#lines.includes(line)) this.#lines.push(line);
    if (!this.#isRunning) this.#run();
  }

  remove(line) {
    this.#lines = this.#lines.filter((other) => other !== line);
  }

  async #run() {
    this.#isRunning = true;
    while (this.#lines.length > 0) {
      const began = performance.now();
      for (const line of [...this.#lines]) {
        if (this.#lines.includes(line)) await line.takeStill();
      }
      const rest = shortestRound - (performance.now() - began);
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
    this.#isRunning = false;
  }
}

const lanes = new Map();

// The other windows of this browser that are seen, and when they last said so.

const others = new Map();
const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("oriel.windows") : null;
const tell = (isShown = !document.hidden) => channel.postMessage({ id, isShown });

function change(make) {
  const before = others.size;
  make();
  if (others.size !== before) for (const one of shares.values()) one.share();
}

if (channel) {
  channel.addEventListener("message", ({ data }) => {
    const isNew = data.isShown && !others.has(data.id);
    change(() => (data.isShown ? others.set(data.id, now()) : others.delete(data.id)));
    if (isNew) tell();
  });
  document.addEventListener("visibilitychange", () => tell());
  addEventListener("pagehide", () => tell(false));
  addEventListener("pageshow", () => tell());
  setInterval(() => {
    tell();
    change(() => others.forEach((heardAt, other) => now() - heardAt > lifetime && others.delete(other)));
  }, interval);
  tell();
}
