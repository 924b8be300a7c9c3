// A player's measurements of the last minute.

const minute = 60;
const rateWindow = 3_000;
/** In milliseconds; a rate over a shorter time is meaningless. */
const minimumRateWindow = 900;

export class Metrics {
  received = 0;
  /** Pictures that a newer one replaced before they were painted. */
  dropped = 0;
  /** Pictures that the server skipped. */
  skipped = 0;
  reconnects = 0;
  #recent = [];
  #seconds = [];

  /** `delay` is the picture's age in milliseconds when it was painted; null if unknown. */
  add({ at, bytes, received, dropped, skipped }, delay) {
    Object.assign(this, { received, dropped, skipped });
    this.#recent.push({ at, bytes, delay });
    while (this.#recent.length > 2 && this.#recent[0].at < at - rateWindow) this.#recent.shift();

    const second = this.#second(at);
    second.frames += 1;
    second.bits += bytes * 8;
    if (delay !== null) second.delay = Math.max(second.delay ?? 0, delay);
  }

  /** Restarts the rate, so that the gap before a new stream does not count. */
  restart() {
    this.#recent = [];
  }

  /** Pictures per second; null if there are too few. */
  get rate() {
    const count = this.#recent.length - 1;
    const span = count < 1 ? 0 : this.#recent[count].at - this.#recent[0].at;
    return span < minimumRateWindow ? null : (count * 1000) / span;
  }

  /** Milliseconds between pictures; null if there are too few. */
  get interval() {
    return this.rate === null ? null : 1000 / this.rate;
  }

  get bitsPerSecond() {
    if (this.rate === null) return null;
    const mean = this.#recent.reduce((sum, frame) => sum + frame.bytes, 0) / this.#recent.length;
    return mean * 8 * this.rate;
  }

  /** The median delay of the last second's pictures; null if unknown. */
  get delay() {
    const newest = this.#recent.at(-1)?.at ?? 0;
    const delays = this.#recent.filter((frame) => frame.at > newest - 1000 && frame.delay !== null).map((frame) => frame.delay);
    return delays.length === 0 ? null : delays.sort((a, b) => a - b)[delays.length >> 1];
  }

  /** One entry per second of the last minute, oldest first; null for seconds without pictures. */
  minute(at) {
    const newest = Math.floor(at / 1000) - 1;
    const bySecond = new Map(this.#seconds.map((second) => [second.second, second]));
    return Array.from({ length: minute }, (_, index) => bySecond.get(newest - minute + 1 + index) ?? null);
  }

  #second(at) {
    const second = Math.floor(at / 1000);
    if (this.#seconds.at(-1)?.second !== second) {
      this.#seconds.push({ second, frames: 0, bits: 0, delay: null });
      if (this.#seconds.length > minute + 2) this.#seconds.shift();
    }
    return this.#seconds.at(-1);
  }
}
