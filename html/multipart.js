// Parses a multipart/x-mixed-replace body while it arrives.
//
// A part with a Content-Length is copied once, into a buffer of that size. Any other part ends at the next boundary.

const maximumHeaderLength = 16 * 1024;
const maximumPartLength = 16 * 1024 * 1024;
const nothing = new Uint8Array(0);
const headerEnd = Uint8Array.of(13, 10, 13, 10);
const latin1 = new TextDecoder("latin1");

/** Returns the boundary of a Content-Type without leading dashes, or null if it is not multipart. */
export function boundaryOf(contentType) {
  if (!/^multipart\//i.test(contentType ?? "")) return null;
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  return (match?.[1] ?? match?.[2])?.replace(/^--/, "") ?? null;
}

export class MultipartParser {
  #delimiter;
  #onPart;
  #state = "header";
  #held = nothing;
  #headers = {};
  #part = nothing;
  #filled = 0;

  /** Calls `onPart(headers, bytes)`. Header names are in lower case, and the callee may keep the bytes. */
  constructor(boundary, onPart) {
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
    this.#onPart = onPart;
  }

  /** Parses the next chunk of the body. Throws if a header or a part exceeds its maximum length. */
  feed(chunk) {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#state === "header") rest = this.#readHeader(rest);
      else if (this.#state === "sized") rest = this.#readSized(rest);
      else rest = this.#readUnsized(rest);
    }
  }

  #readHeader(chunk) {
    const bytes = this.#takeHeldBefore(chunk);
    const end = indexOf(bytes, headerEnd, 0);
    if (end < 0) {
      if (bytes.length > maximumHeaderLength) throw new Error("a part's header is too long");
      this.#held = bytes.slice();
      return nothing;
    }
    const headers = parseHeaders(latin1.decode(bytes.subarray(0, end)));
    const rest = bytes.subarray(end + headerEnd.length);
    if (!headers) return rest;

    this.#headers = headers;
    const length = Number(headers["content-length"]);
    if (length > maximumPartLength) throw new Error("a part is too long");
    if (length > 0) {
      this.#state = "sized";
      this.#part = new Uint8Array(length);
      this.#filled = 0;
    } else {
      this.#state = "unsized";
    }
    return rest;
  }

  #readSized(chunk) {
    const piece = chunk.subarray(0, this.#part.length - this.#filled);
    this.#part.set(piece, this.#filled);
    this.#filled += piece.length;
    if (this.#filled === this.#part.length) {
      const part = this.#part;
      this.#part = nothing;
      this.#state = "header";
      this.#onPart(this.#headers, part);
    }
    return chunk.subarray(piece.length);
  }

  #readUnsized(chunk) {
    const searched = Math.max(0, this.#held.length - this.#delimiter.length);
    const bytes = this.#takeHeldBefore(chunk);
    const end = indexOf(bytes, this.#delimiter, searched);
    if (end < 0) {
      if (bytes.length > maximumPartLength) throw new Error("a part is too long");
      this.#held = bytes.slice();
      return nothing;
    }
    this.#state = "header";
    this.#onPart(this.#headers, bytes.slice(0, end));
    return bytes.subarray(end);
  }

  #takeHeldBefore(chunk) {
    if (this.#held.length === 0) return chunk;
    const bytes = new Uint8Array(this.#held.length + chunk.length);
    bytes.set(this.#held);
    bytes.set(chunk, this.#held.length);
    this.#held = nothing;
    return bytes;
  }
}

/** Returns the fields of a header block, or null if it has none (a preamble, or only a boundary). */
function parseHeaders(text) {
  const headers = {};
  let isEmpty = true;
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon <= 0 || line.startsWith("--")) continue;
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    isEmpty = false;
  }
  return isEmpty ? null : headers;
}

function indexOf(bytes, pattern, from) {
  const last = bytes.length - pattern.length;
  for (let at = bytes.indexOf(pattern[0], from); at >= 0 && at <= last; at = bytes.indexOf(pattern[0], at + 1)) {
    let matched = 1;
    while (matched < pattern.length && bytes[at + matched] === pattern[matched]) matched += 1;
    if (matched === pattern.length) return at;
  }
  return -1;
}
