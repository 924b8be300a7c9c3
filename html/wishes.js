// What a person wants of a camera's controls: one request at a time. What is wished meanwhile waits, and of one control
// only the newest value.

const timeLimit = 8_000;

/** `{ status, body }`; status 0 when no answer came. */
export async function ask(address, options = {}) {
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(timeLimit), ...options });
    const body = await answer.json().catch(() => ({}));
    return { status: answer.status, body };
  } catch {
    return { status: 0, body: { error: "unreachable" } };
  }
}

/** A name that stands for every control. */
export const everything = "*";

export class Wishes {
  #address;
  #onAnswer;
  #waiting = new Map();
  #sent = new Map();

  /** `onAnswer` gets what `ask` gives, once for each request. */
  constructor(address, onAnswer) {
    this.#address = address;
    this.#onAnswer = onAnswer;
  }

  /** Whether a value of this control is still on its way. */
  has(name) {
    return [this.#waiting, this.#sent].some((wishes) => wishes.has(name) || wishes.has(everything));
  }

  /** `value`: null is the default; `everything` as the name takes null only. */
  wish(name, value) {
    if (name === everything) this.#waiting.clear();
    this.#waiting.delete(name);
    this.#waiting.set(name, value);
    if (this.#sent.size === 0) this.#send();
  }

  async #send() {
    while (this.#waiting.size > 0) {
      // What was wished after a return to all defaults comes after it.
      this.#sent = this.#waiting.has(everything) ? new Map([[everything, null]]) : new Map(this.#waiting);
      for (const name of this.#sent.keys()) this.#waiting.delete(name);
      const answer = await ask(this.#address, {
        method: "PUT", headers: { "Content-Type": "application/json" }, body: JSON.stringify(Object.fromEntries(this.#sent)),
      });
      this.#sent = new Map();
      this.#onAnswer(answer);
    }
  }
}
