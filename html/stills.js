// Snapshots for players that may hold no stream: one request at a time for all of them, in turn, because
// HTTP/1.1 gives a page six connections to a server and a seventh request would hang.

const shortestRound = 1_000;

export class StillLane {
  #players = [];
  #isRunning = false;

  static of(base) {
    const key = String(base);
    if (!lanes.has(key)) lanes.set(key, new StillLane());
    return lanes.get(key);
  }

  add(player) {
    if (!this.#players.includes(player)) this.#players.push(player);
    if (!this.#isRunning) this.#run();
  }

  remove(player) {
    this.#players = this.#players.filter((other) => other !== player);
  }

  async #run() {
    this.#isRunning = true;
    while (this.#players.length > 0) {
      const began = performance.now();
      for (const player of [...this.#players]) {
        if (this.#players.includes(player)) await player.takeStill();
      }
      const rest = shortestRound - (performance.now() - began);
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
    this.#isRunning = false;
  }
}

const lanes = new Map();
