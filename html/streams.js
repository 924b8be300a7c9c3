// Decides which players may stream. Over HTTP/1.1, a browser opens six connections per server. Four are for streams,
// one for the status, and one for snapshots. All players and windows of a browser share the streams.

import { now } from "./engine.js";

const maximumStreams = 4;
const minimumRound = 1_000;
const heartbeatInterval = 2_000;
const heartbeatTimeout = 5_000;

export class StreamSlots {
  #origin;
  #connections = new Set();
  #timer = 0;

  constructor(origin) {
    this.#origin = origin;
  }

  /** Returns the slots of a server. */
  static of({ origin }) {
    if (!slots.has(origin)) slots.set(origin, new StreamSlots(origin));
    return slots.get(origin);
  }

  /** Adds a player's connection, whose `allowStream(isAllowed)` is called soon. */
  add(connection) {
    this.#connections.add(connection);
    this.assign();
  }

  remove(connection) {
    this.#connections.delete(connection);
    this.assign();
  }

  /** The first players in the document may stream, and the others use snapshots. Over HTTP/2, all may stream. */
  assign() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      let free = this.#isMultiplexed ? Infinity : Math.max(1, Math.floor(maximumStreams / (1 + others.size)));
      const precedes = (one, other) => one.player.compareDocumentPosition(other.player) & Node.DOCUMENT_POSITION_FOLLOWING;
      for (const connection of [...this.#connections].sort((one, other) => (precedes(one, other) ? -1 : 1))) {
        connection.allowStream(!connection.player.isMissing && free-- > 0);
      }
    });
  }

  get #isMultiplexed() {
    const isFrom = ({ name, nextHopProtocol }) => /^h[23]/.test(nextHopProtocol) && name.startsWith(`${this.#origin}/`);
    return ["navigation", "resource"].some((type) => performance.getEntriesByType(type).some(isFrom));
  }
}

const slots = new Map();

/** Fetches snapshots for players without a stream, one at a time and in turn. */
export class SnapshotQueue {
  #connections = [];
  #isRunning = false;

  static of({ origin }) {
    if (!queues.has(origin)) queues.set(origin, new SnapshotQueue());
    return queues.get(origin);
  }

  add(connection) {
    if (!this.#connections.includes(connection)) this.#connections.push(connection);
    if (!this.#isRunning) this.#run();
  }

  remove(connection) {
    this.#connections = this.#connections.filter((other) => other !== connection);
  }

  async #run() {
    this.#isRunning = true;
    while (this.#connections.length > 0) {
      const began = performance.now();
      for (const connection of [...this.#connections]) {
        if (this.#connections.includes(connection)) await connection.takeSnapshot();
      }
      const rest = minimumRound - (performance.now() - began);
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
    this.#isRunning = false;
  }
}

const queues = new Map();

// The other visible windows of this browser, and when they last announced themselves.

const others = new Map();
const id = crypto.getRandomValues(new Uint32Array(2)).join("-");
const channel = typeof BroadcastChannel === "function" ? new BroadcastChannel("oriel.windows") : null;
const announce = (isShown = !document.hidden) => channel.postMessage({ id, isShown });

function change(make) {
  const before = others.size;
  make();
  if (others.size !== before) for (const one of slots.values()) one.assign();
}

if (channel) {
  channel.addEventListener("message", ({ data }) => {
    const isNew = data.isShown && !others.has(data.id);
    change(() => (data.isShown ? others.set(data.id, now()) : others.delete(data.id)));
    if (isNew) announce();
  });
  document.addEventListener("visibilitychange", () => announce());
  addEventListener("pagehide", () => announce(false));
  addEventListener("pageshow", () => announce());
  setInterval(() => {
    announce();
    change(() => others.forEach((heardAt, other) => now() - heardAt > heartbeatTimeout && others.delete(other)));
  }, heartbeatInterval);
  announce();
}
