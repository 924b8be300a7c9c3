// The server's events. All windows of the browser share one connection, because browsers open only six per server over
// HTTP/1.1. One window reads the stream and passes on what it reads. Hidden windows do not take part.

import { Refusal, Silence, blocksOf, compare } from "./event-stream.js";
import { Turn } from "./event-turn.js";

const baseDelay = 500;
const maximumDelay = 15_000;
/** Milliseconds between attempts while a proxy holds the stream back. */
const heldDelay = 60_000;
/** How many bytes of the journal are read for the list. If they contain too few objects, all of it is read. */
const recallLength = 1_000_000;
const sufficientCount = 100;
/** Earlier events have been read when nothing has arrived for so many milliseconds. */
const recallSilence = 1_000;
const recallTimeout = 10_000;

/**
 * Fires "events" with `{ items, isOld }` in `detail`. An item is `{ position, type, data }`. Earlier events that were
 * asked for are old; they may be repeated. Other events are neither repeated nor missed. Fires "state" when `state` or
 * `isRecalled` changes, and "lost" when the stream ends.
 */
export class EventFeed extends EventTarget {
  /** "connecting", "open", "lost", or "held" if the connection is open but nothing arrives. */
  state = "connecting";
  /** Whether the earlier events that were asked for have arrived. */
  isRecalled = true;
  #base;
  #turn;
  #channel;
  #isWanted = false;
  #isActive = false;
  /** The place in the journal up to which this window has all events; null before the first connection. */
  #position = null;
  /** The signal of this window's turn to read, or null. */
  #holding = null;
  #request = null;
  #wake = () => {};
  /** The place from which this window needs earlier events: a position, "" for the newest, or null. */
  #need = null;
  /** The same for the other windows, while this window does not know its own place yet. */
  #asked = null;
  /** While earlier events are being read: `{ need, from, cursor, until, ids }`. */
  #recall = null;
  #recallTimer = 0;
  #recallDeadline = 0;

  constructor(base) {
    super();
    this.#base = base;
    const name = `oriel.events${base.pathname}`;
    this.#turn = new Turn(name, (signal) => this.#hold(signal));
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => this.#receive(data));
    document.addEventListener("visibilitychange", () => this.#update());
    addEventListener("pageshow", () => this.#update());
    addEventListener("pagehide", () => this.#update(false));
    addEventListener("online", () => this.openNow());
  }

  /** Opens the connection, or closes it. */
  use(isWanted) {
    this.#isWanted = isWanted;
    this.#update();
  }

  /** Asks for the events before now. */
  recall() {
    this.#ask("");
  }

  /** Connects again at once, because the server is back. */
  openNow() {
    this.#wake();
  }

  #update(isShown = !document.hidden) {
    const isActive = this.#isWanted && isShown;
    if (isActive === this.#isActive) return;
    this.#isActive = isActive;
    if (isActive) {
      this.#turn.wait();
      this.#channel.postMessage({ question: true });
      if (this.#need !== null) this.#channel.postMessage({ recall: this.#need });
    } else {
      this.#turn.leave();
      this.#holding = this.#recall = null;
      this.#setState("connecting");
    }
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    if (this.#holding) this.#channel.postMessage({ state });
    this.dispatchEvent(new Event("state"));
  }

  #deliver(items, isOld) {
    if (items.length > 0) this.dispatchEvent(new CustomEvent("events", { detail: { items, isOld } }));
  }

  // The window that reads the stream.

  async #hold(signal) {
    this.#holding = signal;
    signal.addEventListener("abort", () => this.#request?.abort());
    this.#channel.postMessage({ isNew: true, state: this.state });
    for (let failures = 0; !signal.aborted; ) {
      const request = (this.#request = new AbortController());
      let delay = 0;
      let isHeld = false;
      try {
        const since = this.#recall?.cursor ?? this.#position;
        const address = new URL(`events?types=new,update,end${since ? `&since=${since}` : ""}`, this.#base);
        for await (const blocks of blocksOf(address, request)) {
          if (this.#holding !== signal) return;
          failures = 0;
          this.#setState("open");
          this.#take(blocks);
        }
      } catch (error) {
        isHeld = error instanceof Silence;
        delay = isHeld ? heldDelay : error instanceof Refusal ? error.delay : 0;
      }
      clearTimeout(this.#recallTimer);
      if (this.#holding !== signal || signal.aborted) break;
      if (request.isForRecall) continue;
      this.#setState(isHeld ? "held" : "lost");
      this.dispatchEvent(new Event("lost"));
      failures += 1;
      delay ||= Math.min(maximumDelay, baseDelay * 2 ** failures) * (0.5 + Math.random() / 2);
      await this.#pause(delay, signal);
    }
    if (this.#holding === signal) this.#holding = this.#recall = null;
  }

  #pause(milliseconds, signal) {
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, milliseconds);
      signal.addEventListener("abort", resolve);
    });
  }

  #take(blocks) {
    const [old, items] = [[], []];
    let from = this.#position ?? blocks.find(({ id }) => id)?.id;
    let isGone = false;
    for (const { id, type, data } of blocks) {
      if (type === "gone" && !this.#recall) {
        // The journal has lost events, and positions may have become invalid.
        isGone = true;
        from = this.#position = null;
      }
      if (!id) continue;
      const item = { position: id, type, data };
      if (this.#recall && compare(id, this.#recall.until) <= 0) {
        this.#recall.cursor = id;
        if (data) old.push(item);
      } else if (!this.#position || compare(id, this.#position) > 0) {
        this.#position = id;
        if (data) items.push(item);
      }
    }
    old.forEach(({ data }) => this.#recall.ids.add(data.after?.id));
    if (old.length > 0) this.#channel.postMessage({ old });
    this.#deliver(old, true);
    if (this.#position && (this.#position !== from || items.length > 0)) {
      this.#channel.postMessage({ from: isGone ? null : from, to: this.#position, items });
    }
    this.#deliver(items, false);
    if (this.#recall) this.#watchRecall();
    else if ((this.#need ?? this.#asked) !== null) this.#beginRecall(earlier(this.#need, this.#asked));
  }

  // Earlier events. The same connection reads them, so that there is never a second one.

  #ask(need) {
    this.#need = earlier(this.#need, need);
    this.isRecalled = false;
    if (!this.#holding) this.#channel.postMessage({ recall: this.#need });
    else this.#beginRecall(this.#need);
  }

  #beginRecall(need, cursor = need) {
    const until = this.#position;
    this.#asked = until ? null : need;
    if (!until) return;
    // The list needs the newest events. An offset within a line is valid; the server skips the rest of the line.
    const [file, offset] = until.split("-").map(Number);
    const from = cursor || `${file}-${Math.max(0, offset - recallLength)}`;
    this.#recall = { need, from, cursor: from, until, ids: this.#recall?.ids ?? new Set() };
    if (!this.#request) return;
    this.#request.isForRecall = true;
    this.#request.abort();
    this.#wake();
  }

  #watchRecall() {
    clearTimeout(this.#recallTimer);
    const { cursor, until } = this.#recall;
    const isDone = compare(cursor, until) >= 0 || compare(this.#position, until) > 0;
    this.#recallTimer = setTimeout(() => this.#endRecall(), isDone ? 0 : recallSilence);
  }

  #endRecall(isLate = false) {
    if (!this.#recall) return;
    const { need, from, ids } = this.#recall;
    clearTimeout(this.#recallDeadline);
    if (need === "" && from.endsWith("-0") && from !== "0-0" && ids.size < sufficientCount) {
      this.#recallDeadline = setTimeout(() => this.#endRecall(true), recallTimeout);
      this.#beginRecall(need, "0-0");
      return;
    }
    this.#recall = null;
    if (isLate) {
      this.#request.isForRecall = true;
      this.#request.abort();
    }
    this.#channel.postMessage({ recalled: need });
    this.#noteRecalled(need);
  }

  #noteRecalled(need) {
    if (this.#need === null || earlier(this.#need, need) !== need) return;
    this.#need = null;
    this.isRecalled = true;
    this.dispatchEvent(new Event("state"));
  }

  // The other windows.

  #receive({ question, isNew, recall, recalled, state, old, from, to, items }) {
    if (!this.#isActive) return;
    if (this.#holding) {
      if (question) this.#channel.postMessage({ state: this.state, from: this.#position, to: this.#position, items: [] });
      if (recall !== undefined) this.#beginRecall(earlier(recall, this.#recall?.need ?? this.#asked));
      return;
    }
    if (isNew && this.#need !== null) this.#channel.postMessage({ recall: this.#need });
    if (state) this.#setState(state);
    if (old) this.#deliver(old, true);
    if (to) this.#takeFrom(from, to, items);
    if (recalled !== undefined) this.#noteRecalled(recalled);
  }

  #takeFrom(from, to, items) {
    const position = this.#position;
    this.#deliver(from && position ? items.filter((item) => compare(item.position, position) > 0) : items, false);
    if (!from || !position || compare(to, position) > 0) this.#position = to;
    // While this window was hidden, it has missed some.
    if (from && position && compare(from, position) > 0) this.#ask(position);
  }
}

/** Returns which of two places comes first; "" precedes all positions, and null follows them. */
function earlier(one, other) {
  if (one === null || other === null) return one ?? other;
  if (one === "" || other === "") return "";
  return compare(one, other) < 0 ? one : other;
}
