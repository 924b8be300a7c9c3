// Sends changes of a camera's controls, one request at a time. Changes during a request are queued, and only the newest
// value of each control is kept.

const timeLimit = 8_000;

/** Returns `{ status, body }`. The status is 0 if there is no response. */
export async function request(address, options = {}) {
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(timeLimit), ...options });
    const body = await answer.json().catch(() => ({}));
    return { status: answer.status, body };
  } catch {
    return { status: 0, body: { error: "unreachable" } };
  }
}

/** The name that means all controls. */
export const everything = "*";

export class ControlRequests {
  #address;
  #onAnswer;
  #queued = new Map();
  #sent = new Map();

  /** Calls `onAnswer` with the result of each `request`. */
  constructor(address, onAnswer) {
    this.#address = address;
    this.#onAnswer = onAnswer;
  }

  /** Returns whether a change of this control is queued or in flight. */
  has(name) {
    return [this.#queued, this.#sent].some((changes) => changes.has(name) || changes.has(everything));
  }

  /** Sets a control. Null means its default; `everything` accepts only null. */
  set(name, value) {
    if (name === everything) this.#queued.clear();
    this.#queued.delete(name);
    this.#queued.set(name, value);
    if (this.#sent.size === 0) this.#send();
  }

  async #send() {
    while (this.#queued.size > 0) {
      // Changes after a reset of all controls are sent in the next request.
      this.#sent = this.#queued.has(everything) ? new Map([[everything, null]]) : new Map(this.#queued);
      for (const name of this.#sent.keys()) this.#queued.delete(name);
      const answer = await request(this.#address, {
        method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(Object.fromEntries(this.#sent)),
      });
      this.#sent = new Map();
      this.#onAnswer(answer);
    }
  }
}
