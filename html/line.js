// How a player comes by its pictures: by a stream, or by snapshots in turn. A stream that is lost is opened again almost at
// once, since a server that only restarts is back by then; later less and less often, never in step with other viewers.

import { StillLane, Streams } from "./streams.js";

const firstPause = 150;
const base = 400;
const longestPause = 10_000;

export class Line {
  player;
  #screen;
  #streams;
  #lane;
  /** null until it is known. */
  #mayStream = null;
  #isOpen = false;
  #whenStillDone = null;
  #attempts = 0;
  #timer = 0;

  constructor(player, screen) {
    this.player = player;
    this.#screen = screen;
    this.#streams = Streams.of(player.base);
    this.#lane = StillLane.of(player.base);
  }

  get isStill() {
    return this.#wantsStills || this.#mayStream === false;
  }

  get #wantsStills() {
    return this.player.getAttribute("mode") === "stills";
  }

  start() {
    this.#attempts = 0;
    if (this.#wantsStills) this.#open();
    else this.#streams.add(this);
  }

  end() {
    this.#close();
    this.#streams.remove(this);
    this.#mayStream = null;
  }

  /** The server is back, or the network. */
  openNow() {
    if (!this.#mayStream || this.#isOpen) return;
    this.#attempts = 0;
    this.#open();
  }

  /** Pictures come: the next loss begins anew. */
  carries() {
    this.#attempts = 0;
  }

  /** The stream has ended. `least`: milliseconds before the next try. */
  lost(least) {
    this.#isOpen = false;
    if (this.isStill || this.#timer) return;
    const pause = this.#attempts === 0 ? firstPause : Math.min(longestPause, base * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#open(), Math.max(least, pause * (0.5 + Math.random() / 2)));
  }

  share() {
    if (this.#mayStream !== null) this.#streams.share();
  }

  // Called by those who share the connections out.

  allowStream(isAllowed) {
    if (isAllowed === this.#mayStream) return;
    if (this.#mayStream !== null) this.#close();
    this.#mayStream = isAllowed;
    this.#open();
    this.player.sayState();
  }

  /** Settles when a snapshot is on the screen or has failed. */
  takeStill() {
    if (this.player.status?.online === false || this.player.isMissing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenStillDone = resolve;
      this.#screen.call("still", String(this.player.address("snapshot")));
    });
  }

  endStill() {
    this.#whenStillDone?.();
    this.#whenStillDone = null;
  }

  #open() {
    this.#rest();
    if (this.isStill) {
      this.#lane.add(this);
    } else {
      this.#isOpen = true;
      this.#screen.call("play", String(this.player.address("video")));
    }
  }

  #close() {
    this.#isOpen = false;
    this.#rest();
    this.#lane.remove(this);
    this.#screen.call("stop");
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }
}
