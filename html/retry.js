// When to try a lost connection again: almost at once the first time, because a server that only restarts is
// back by then, later less and less often, and never in step with the other viewers.

const first = 150;
const base = 400;
const most = 10_000;

export class Retry {
  #attempts = 0;
  #timer = 0;
  #connect;

  constructor(connect) {
    this.#connect = connect;
  }

  get isWaiting() {
    return this.#timer !== 0;
  }

  /** `least`: milliseconds that the server asked to wait, or 0. */
  later(least) {
    if (this.isWaiting) return;
    const pause = this.#attempts === 0 ? first : Math.min(most, base * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.now(), Math.max(least, pause * (0.5 + Math.random() / 2)));
  }

  now() {
    this.cancel();
    this.#connect();
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** Pictures came, or the server is back: the next loss begins anew. */
  reset() {
    this.#attempts = 0;
  }
}
