// Decides which window of the browser reads the events for all windows.
//
// Windows take turns by means of a lock. In a page that is not secure (plain HTTP from another host), browsers have no
// locks. The windows then announce themselves to each other, and the one with the smallest ID has the turn. For a
// moment, two windows may have it.

const announcementInterval = 1_000;
const announcementTimeout = 4_000;
/** The milliseconds within which the other windows answer the first announcement. */
const answerTime = 200;

const id = crypto.getRandomValues(new Uint32Array(2)).join("-");

export class Turn {
  #name;
  #hold;
  #attempt = null;

  /** Calls `hold(signal)` when this window has the turn, until `signal` is aborted. `hold` returns a promise. */
  constructor(name, hold) {
    this.#name = name;
    this.#hold = hold;
  }

  /** Begins to wait for the turn. */
  wait() {
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    if (navigator.locks) {
      navigator.locks.request(this.#name, { signal }, () => (signal.aborted ? null : this.#hold(signal))).catch(() => {});
    } else {
      this.#elect(signal);
    }
  }

  /** Gives up the turn, or stops waiting for it. */
  leave() {
    this.#attempt?.abort();
    this.#attempt = null;
  }

  #elect(signal) {
    const heard = new Map();
    const channel = new BroadcastChannel(`${this.#name}.turn`);
    const announce = (isLeaving = false) => channel.postMessage({ id, isLeaving });
    let turn = null;
    const decide = () => {
      heard.forEach((at, other) => performance.now() - at > announcementTimeout && heard.delete(other));
      const isFirst = !signal.aborted && [...heard.keys()].every((other) => id < other);
      if (isFirst === (turn !== null)) return;
      turn?.abort();
      turn = isFirst ? new AbortController() : null;
      if (turn) this.#hold(turn.signal);
    };
    channel.addEventListener("message", ({ data }) => {
      const isNew = !data.isLeaving && !heard.has(data.id);
      if (data.isLeaving) heard.delete(data.id);
      else heard.set(data.id, performance.now());
      if (isNew) announce();
      decide();
    });
    announce();
    const timers = [setTimeout(decide, answerTime), setInterval(() => (announce(), decide()), announcementInterval)];
    signal.addEventListener("abort", () => {
      timers.forEach(clearInterval);
      decide();
      announce(true);
      channel.close();
    });
  }
}
