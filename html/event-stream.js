// Reads the server's stream of events with fetch. An EventSource would not report the IDs of blocks without an event,
// which say where the stream is, and would not report comments, which show that the connection works.

/** Even without events, the server sends something at once, and then a comment every 15 s. */
const openingTimeout = 5_000;
const silenceTimeout = 40_000;

/** A response that is not a stream of events. */
export class Refusal extends Error {
  constructor(answer) {
    super(`HTTP ${answer.status}`);
    this.delay = 1000 * (Number(answer.headers.get("retry-after")) || (answer.status < 500 ? 60 : 0));
  }
}

/** Nothing arrived after the connection had been opened, so something holds the stream back. */
export class Silence extends Error {}

/** Yields lists of blocks `{ id, type, data }` until the stream ends. Aborting `request`, a controller, ends it too. */
export async function* blocksOf(address, request) {
  let watchdog = 0;
  const watch = (milliseconds, reason) => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => request.abort(reason), milliseconds);
  };
  watch(openingTimeout, new Silence());
  try {
    const answer = await fetch(address, { signal: request.signal, cache: "no-store" });
    if (!answer.ok) throw new Refusal(answer);
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watch(silenceTimeout);
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop();
      yield blocks.map(parse);
    }
  } finally {
    clearTimeout(watchdog);
    request.abort();
  }
}

function parse(block) {
  const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  let data = null;
  try {
    data = JSON.parse(field("data") ?? "null");
  } catch {
    // A block that is not JSON counts as one without an event.
  }
  return { id: /^\d+-\d+$/.test(field("id")) ? field("id") : null, type: field("event"), data };
}

/** Compares two positions of the server's journal, such as 1795816090551-4711. */
export function compare(one, other) {
  const [[file, offset], [otherFile, otherOffset]] = [one, other].map((position) => position.split("-").map(Number));
  return file - otherFile || offset - otherOffset;
}
