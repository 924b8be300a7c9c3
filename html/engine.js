// Fetches, decodes and paints pictures on a canvas, in a worker or in the page.
//
// Pictures are not queued. While one is being decoded, only the newest one waits.

import { MultipartParser, boundaryOf } from "./multipart.js";

/** The server repeats the last picture every 5 s. After a longer silence, the connection is dead. */
const silenceTimeout = 8_000;
/** The minimum time between two paints in milliseconds. Most screens are no faster. */
const minimumInterval = 15;
const historyLimit = { count: 90, bytes: 12 * 1024 * 1024 };

/** Milliseconds since 1970, more precise than Date.now(). The page and its workers share this clock. */
export const now = () => performance.timeOrigin + performance.now();

export class Engine {
  #canvas;
  #context;
  #post;
  #connection = null;
  #newest = null;
  #lastId = 0;
  #isDecoding = false;
  #paintedAt = 0;
  #shown = null;
  #received = 0;
  #dropped = 0;
  #skipped = 0;
  #isFrozen = false;
  /** The newest picture that arrived after the freeze. */
  #missed = null;
  #keepsHistory = false;
  /** The function that draws a picture's results; null until it is loaded. */
  #drawBoxes = null;
  /** How results are drawn, or null if they are not. */
  #boxes = null;
  #history = [];

  /** Calls `post` with "open", "frame", "objects", "outage", "closed", "snapshotDone" and "frozen" messages. */
  constructor(canvas, post) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#post = post;
  }

  /** Opens a stream and closes the previous one. */
  async play(url) {
    this.stop();
    this.#lastId = 0;
    const connection = new AbortController();
    this.#connection = connection;
    let watchdog = 0;
    const expectBytes = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => connection.abort("silent"), silenceTimeout);
    };
    let closing = { cause: "network" };
    try {
      expectBytes();
      const answer = await fetch(url, { signal: connection.signal, cache: "no-store", credentials: "same-origin" });
      const boundary = answer.ok ? boundaryOf(answer.headers.get("content-type")) : null;
      if (!boundary) {
        closing = await refusal(answer);
      } else {
        this.#post({ type: "open" });
        const parser = new MultipartParser(boundary, (headers, bytes) => this.#receive(headers, bytes));
        const reader = answer.body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          expectBytes();
          if (this.#connection === connection) parser.feed(value);
        }
        closing = { cause: "ended" };
      }
    } catch {
      if (connection.signal.reason === "silent") closing = { cause: "silent" };
    }
    clearTimeout(watchdog);
    if (this.#connection !== connection) return;
    this.#connection = null;
    connection.abort();
    this.#post({ type: "closed", ...closing });
  }

  /** Fetches and shows one snapshot. */
  async snapshot(url) {
    const connection = new AbortController();
    const watchdog = setTimeout(() => connection.abort(), silenceTimeout);
    try {
      const answer = await fetch(url, { signal: connection.signal, cache: "no-store", credentials: "same-origin" });
      if (!answer.ok) {
        this.#post({ type: "closed", ...(await refusal(answer)) });
      } else {
        const headers = Object.fromEntries(answer.headers);
        this.#receive(headers, new Uint8Array(await answer.arrayBuffer()));
      }
    } catch {
      this.#post({ type: "closed", cause: "network" });
    }
    clearTimeout(watchdog);
    this.#post({ type: "snapshotDone" });
  }

  /** Closes the connection without a "closed" message. The picture stays on the canvas. */
  stop() {
    const connection = this.#connection;
    this.#connection = null;
    this.#newest = this.#missed = null;
    connection?.abort();
  }

  /** Draws the detection results that the pictures contain, with the options of `drawBoxes`; null ends this. */
  async showBoxes(options) {
    this.#boxes = options;
    if (options) this.#drawBoxes ??= (await import("./live-boxes.js")).drawBoxes;
    // The picture on the canvas is drawn again, unless a newer one is about to be drawn.
    if (!this.#shown || this.#newest || this.#isDecoding) return;
    if (this.#isFrozen) this.#show(this.#shown);
    else this.#decode(this.#shown);
  }

  /** Keeps the JPEGs of the last seconds, so that `step` can show them after a freeze. */
  keepHistory(isOn) {
    this.#keepsHistory = isOn;
    if (!isOn) this.#history = [];
  }

  /** While frozen, arriving pictures are counted, and only the newest one is kept. */
  freeze(isOn) {
    const missed = this.#missed;
    this.#isFrozen = isOn;
    this.#newest = this.#missed = null;
    this.#reportFrozen();
    if (!isOn && missed) this.#queue(missed);
  }

  /** Shows a later picture of the history, or an earlier one if `places` is negative. */
  step(places) {
    if (!this.#isFrozen || this.#history.length === 0) return;
    const shown = this.#history.findIndex((frame) => frame.id === this.#shown?.id);
    const wanted = Math.min(this.#history.length - 1, Math.max(0, shown + places));
    this.#show(this.#history[wanted]);
  }

  /** Returns the JPEG on the canvas, or null before the first picture. */
  picture() {
    return this.#shown && { id: this.#shown.id, time: this.#shown.time, bytes: this.#shown.bytes };
  }

  #receive(headers, bytes) {
    // This is an outage picture. The page shows the outage's reason as text instead.
    if ("x-oriel-offline" in headers) {
      this.#post({ type: "outage", reason: headers["x-oriel-offline"] });
      return;
    }
    const id = Number(headers["x-frame-id"]) || 0;
    const time = Number(headers["x-timestamp"]) * 1000 || 0;
    if (id !== 0 && id === this.#lastId) return;
    if (this.#lastId > 0 && id > this.#lastId) this.#skipped += id - this.#lastId - 1;
    this.#lastId = id;
    this.#received += 1;
    const frame = { id, time, bytes };
    // The time of arrival counts, even if the picture is shown only after the freeze.
    if (this.#isFrozen) this.#missed = Object.assign(frame, { at: now() });
    else this.#queue(frame);
  }

  #queue(frame) {
    this.#remember(frame);
    if (this.#newest && this.#newest !== this.#shown) this.#dropped += 1;
    this.#decode(frame);
  }

  #decode(frame) {
    this.#newest = frame;
    if (!this.#isDecoding) this.#decodeNewest();
  }

  async #decodeNewest() {
    this.#isDecoding = true;
    while (this.#newest) {
      const rest = this.#paintedAt + minimumInterval - performance.now();
      if (rest > 1) await new Promise((resolve) => setTimeout(resolve, rest));
      const frame = this.#newest;
      if (!frame) break;
      this.#newest = null;
      await this.#show(frame);
    }
    this.#isDecoding = false;
  }

  async #show(frame) {
    const isRepaint = frame === this.#shown;
    let bitmap;
    try {
      bitmap = await createImageBitmap(new Blob([frame.bytes], { type: "image/jpeg" }));
    } catch {
      this.#dropped += 1;
      return;
    }
    if (isRepaint && frame !== this.#shown) return;
    const { width, height } = bitmap;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const objects = (this.#boxes && this.#drawBoxes?.(this.#context, frame.bytes, this.#boxes)) ?? [];
    this.#paintedAt = performance.now();
    this.#shown = Object.assign(frame, { width, height, objects });
    if (this.#isFrozen) {
      this.#reportFrozen();
      return;
    }
    if (isRepaint) {
      this.#post({ type: "objects", objects });
      return;
    }
    this.#post({
      type: "frame", id: frame.id, time: frame.time, at: frame.at ?? now(),
      width, height, objects, bytes: frame.bytes.length, received: this.#received, dropped: this.#dropped, skipped: this.#skipped,
    });
  }

  #remember(frame) {
    if (!this.#keepsHistory) return;
    this.#history.push(frame);
    let bytes = this.#history.reduce((sum, kept) => sum + kept.bytes.length, 0);
    while (this.#history.length > historyLimit.count || (bytes > historyLimit.bytes && this.#history.length > 1)) {
      bytes -= this.#history.shift().bytes.length;
    }
  }

  #reportFrozen() {
    const place = this.#history.findIndex((frame) => frame.id === this.#shown?.id);
    this.#post({
      type: "frozen", isFrozen: this.#isFrozen, id: this.#shown?.id ?? 0, time: this.#shown?.time ?? 0,
      width: this.#shown?.width ?? 0, height: this.#shown?.height ?? 0, objects: this.#shown?.objects ?? [],
      before: Math.max(0, place), after: place < 0 ? 0 : this.#history.length - 1 - place,
    });
  }
}

/** Returns the "closed" message for a response without pictures. */
async function refusal(answer) {
  let error = "";
  let message = "";
  try {
    ({ error = "", message = "" } = await answer.json());
  } catch {
    // Without JSON, only the status is used.
  }
  return { cause: "refused", status: answer.status, error, message, retryAfter: Number(answer.headers.get("retry-after")) || 0 };
}
