// Asks the server once a second how its cameras are, while somebody wants to know, and learns how far its clock is from
// this one.

import { now } from "./engine.js";

const interval = 1_000;
const hastyInterval = 400;
const hastyPeriod = 60_000;
const slowInterval = 2_000;
const timeLimit = 1_500;
const timeLimitInDoubt = 1_000;
const sampleCount = 30;

export class StatusFeed extends EventTarget {
  /** null before the first answer. */
  isReachable = null;
  /** By name, in the server's order. */
  cameras = new Map();
  /** When the newest answer was asked for, on this machine's clock; 0 before the first. */
  askedAt = 0;

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

  /** Feeds are shared: every player of one server listens to the same one. */
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

  /** Is the server still there? Asks at once, and waits less for the answer. */
  doubt() {
    if (!this.#request) this.pollNow();
    if (this.#request) this.#limit(timeLimitInDoubt);
  }

  #limit(milliseconds) {
    const request = this.#request;
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => request.abort(), milliseconds);
  }

  /** Milliseconds to add to this clock to have the server's; null before the first answer. */
  get clockOffset() {
    if (this.#samples.length === 0) return null;
    return this.#samples.reduce((best, sample) => (sample.roundTrip < best.roundTrip ? sample : best)).offset;
  }

  /** Milliseconds since a camera's `time` on its own clock; null when that is not known. */
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
    this.#limit(timeLimit);
    const asked = now();
    try {
      const answer = await fetch(this.#url, { signal: request.signal, cache: "no-store", credentials: "same-origin" });
      const answered = now();
      if (answer.status >= 500) throw new Error(`HTTP ${answer.status}`);
      const body = answer.ok ? await answer.json() : null;
      if (this.#request !== request) return;
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
    if (this.#isWanted) this.#timer = setTimeout(() => this.pollNow(), this.#pause());
  }

  /** A server that just went away is asked more often. */
  #pause() {
    if (!this.#failingSince) return interval;
    const pause = now() - this.#failingSince < hastyPeriod ? hastyInterval : slowInterval;
    return pause * (0.75 + Math.random() / 2);
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
