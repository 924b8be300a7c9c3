// Requests the server's /status once per second while anything uses it, and estimates the offset of the server's clock.

import { now } from "./engine.js";

const interval = 1_000;
const fastRetryInterval = 400;
const fastRetryPeriod = 60_000;
const slowRetryInterval = 2_000;
const timeout = 1_500;
const timeoutInDoubt = 1_000;
const sampleCount = 30;

export class StatusFeed extends EventTarget {
  /** Null before the first response. */
  isReachable = null;
  /** The cameras by name, in the server's order. */
  cameras = new Map();
  /** When the last answered request was sent, on this machine's clock; 0 before the first. */
  askedAt = 0;
  /** The HTTP status (4xx) if the last request was refused, or 0. */
  refusal = 0;

  #url;
  #users = new Set();
  #timer = 0;
  #request = null;
  #watchdog = 0;
  #samples = [];
  #failingSince = 0;

  constructor(base) {
    super();
    this.#url = new URL("status", base);
    document.addEventListener("visibilitychange", () => this.#wake());
    addEventListener("online", () => this.pollNow());
    addEventListener("offline", () => this.pollNow());
  }

  /** Returns the feed of a server, which all its players share. */
  static of(base) {
    const key = String(base);
    if (!feeds.has(key)) feeds.set(key, new StatusFeed(base));
    return feeds.get(key);
  }

  use(user) {
    this.#users.add(user);
    this.#wake();
  }

  release(user) {
    this.#users.delete(user);
    if (this.#users.size === 0) this.#sleep();
  }

  pollNow() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#wake();
  }

  /** Requests the status now with a shorter timeout, because pictures have stopped arriving. */
  doubt() {
    if (!this.#request) this.pollNow();
    if (this.#request) this.#setTimeout(timeoutInDoubt);
  }

  #setTimeout(milliseconds) {
    const request = this.#request;
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => request.abort(), milliseconds);
  }

  /** The server's clock minus this machine's, in milliseconds; null before the first response. */
  get clockOffset() {
    if (this.#samples.length === 0) return null;
    return this.#samples.reduce((best, sample) => (sample.roundTrip < best.roundTrip ? sample : best)).offset;
  }

  /** Returns the milliseconds from `time` on the camera's clock to `at` on this machine's; null if unknown. */
  ageAt(at, time, camera) {
    const offset = this.clockOffset;
    const cameraOffset = this.cameras.get(camera)?.clock_offset_ms ?? 0;
    return time && offset !== null ? Math.max(0, at + offset + cameraOffset - time) : null;
  }

  get #isWanted() {
    return this.#users.size > 0 && (!document.hidden || Boolean(document.pictureInPictureElement));
  }

  #wake() {
    if (!this.#isWanted) this.#sleep();
    else if (!this.#request && !this.#timer) this.#poll();
  }

  #sleep() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#request?.abort();
    this.#request = null;
  }

  async #poll() {
    const request = new AbortController();
    this.#request = request;
    this.#setTimeout(timeout);
    const asked = now();
    try {
      const answer = await fetch(this.#url, { signal: request.signal, cache: "no-store", credentials: "same-origin" });
      const answered = now();
      if (answer.status >= 500) throw new Error(`HTTP ${answer.status}`);
      const body = answer.ok ? await answer.json() : null;
      if (this.#request !== request) return;
      this.refusal = answer.ok ? 0 : answer.status;
      if (body) {
        this.#learnClock(Number(body.now) * 1000, asked, answered);
        this.cameras = new Map((body.cameras ?? []).map((camera) => [camera.camera, camera]));
        this.askedAt = asked;
      }
      this.#failingSince = 0;
      this.#report(true);
    } catch {
      if (this.#request !== request) return;
      this.#failingSince ||= asked;
      this.#report(false);
    } finally {
      if (this.#request === request) clearTimeout(this.#watchdog);
    }
    this.#request = null;
    if (this.#isWanted) this.#timer = setTimeout(() => this.pollNow(), this.#delay());
  }

  /** Milliseconds to the next request, which comes earlier if the server has just become unreachable. */
  #delay() {
    if (!this.#failingSince) return interval;
    const delay = now() - this.#failingSince < fastRetryPeriod ? fastRetryInterval : slowRetryInterval;
    return delay * (0.75 + Math.random() / 2);
  }

  #report(isReachable) {
    const isReturn = isReachable && this.isReachable === false;
    this.isReachable = isReachable;
    this.dispatchEvent(new CustomEvent("status", { detail: { isReturn } }));
  }

  #learnClock(serverTime, asked, answered) {
    if (!(serverTime > 0)) return;
    this.#samples.push({ roundTrip: answered - asked, offset: serverTime - (asked + answered) / 2 });
    if (this.#samples.length > sampleCount) this.#samples.shift();
  }
}

const feeds = new Map();
