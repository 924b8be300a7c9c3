// A player's connection, which is a stream or repeated snapshots. A lost stream is reopened almost immediately, because
// a server that restarts is ready by then. The delays before further attempts grow and have jitter.

import { SnapshotQueue, StreamSlots } from "./streams.js";

const firstDelay = 150;
const baseDelay = 400;
const maximumDelay = 10_000;

export class Connection {
  player;
  #screen;
  #slots;
  #queue;
  /** Null until `StreamSlots` decides. */
  #mayStream = null;
  #isOpen = false;
  #whenSnapshotDone = null;
  #attempts = 0;
  #timer = 0;

  constructor(player, screen) {
    this.player = player;
    this.#screen = screen;
    this.#slots = StreamSlots.of(player.base);
    this.#queue = SnapshotQueue.of(player.base);
  }

  get usesSnapshots() {
    return this.#wantsSnapshots || this.#mayStream === false;
  }

  get #wantsSnapshots() {
    return this.player.getAttribute("mode") === "stills";
  }

  start() {
    this.#attempts = 0;
    if (this.#wantsSnapshots) this.#open();
    else this.#slots.add(this);
  }

  end() {
    this.#close();
    this.#slots.remove(this);
    this.#mayStream = null;
  }

  /** Reconnects immediately, because the server or the network is back. */
  openNow() {
    if (!this.#mayStream || this.#isOpen) return;
    this.#attempts = 0;
    this.#open();
  }

  /** Resets the delay, because pictures arrive. */
  succeeded() {
    this.#attempts = 0;
  }

  /** Schedules another attempt after at least `minimumDelay` milliseconds. */
  lost(minimumDelay) {
    this.#isOpen = false;
    if (this.usesSnapshots || this.#timer) return;
    const delay = this.#attempts === 0 ? firstDelay : Math.min(maximumDelay, baseDelay * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#open(), Math.max(minimumDelay, delay * (0.5 + Math.random() / 2)));
  }

  assign() {
    if (this.#mayStream !== null) this.#slots.assign();
  }

  // StreamSlots and SnapshotQueue call these methods.

  allowStream(isAllowed) {
    if (isAllowed === this.#mayStream) return;
    if (this.#mayStream !== null) this.#close();
    this.#mayStream = isAllowed;
    this.#open();
    this.player.fireState();
  }

  /** Resolves when a snapshot has been shown or has failed. */
  takeSnapshot() {
    if (this.player.status?.online === false || this.player.isMissing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenSnapshotDone = resolve;
      this.#screen.call("snapshot", String(this.player.address("snapshot")));
    });
  }

  endSnapshot() {
    this.#whenSnapshotDone?.();
    this.#whenSnapshotDone = null;
  }

  #open() {
    this.#clearTimer();
    if (this.usesSnapshots) {
      this.#queue.add(this);
    } else {
      this.#isOpen = true;
      this.#screen.call("play", String(this.player.address("video")));
    }
  }

  #close() {
    this.#isOpen = false;
    this.#clearTimer();
    this.#queue.remove(this);
    this.#screen.call("stop");
  }

  #clearTimer() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
