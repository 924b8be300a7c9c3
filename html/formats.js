// The list of a camera's formats, with their sizes and frame rates.

import { make } from "./dom.js";
import { text } from "./strings.js";

/** Creates a collapsible list from the server's response. */
export function formatList({ formats = [], now }) {
  const parts = formats.map(({ format, fourcc, description, usable, sizes = [] }) => {
    const names = [format, fourcc].filter(Boolean).map((name) => name.toLowerCase());
    const isNow = (size) => names.includes(now?.format?.toLowerCase()) && size === now.size;
    const notes = [fourcc, usable === false ? text("controls.unusable") : ""].filter(Boolean).join(", ");
    return make("section", { className: usable === false ? "unusable" : "" },
      make("h3", { textContent: `${description || format} ` }, make("small", { textContent: notes })),
      make("dl", {}, ...sizes.flatMap((entry) => row(entry, isNow(entry.size)))));
  });
  const summary = make("summary", { textContent: text("controls.formats") });
  if (now?.size) summary.append(make("small", { textContent: [now.format, spaced(now.size), rates([now.fps])].filter(Boolean).join(", ") }));
  const list = make("details", { className: "formats" }, summary, ...parts);
  list.hidden = formats.length === 0;
  return list;
}

function row({ size, smallest, largest, fps }, isNow) {
  const name = size ? spaced(size) : text("controls.range", { smallest: spaced(smallest), largest: spaced(largest) });
  const term = make("dt", { textContent: name });
  if (isNow) term.append(" ", make("b", { textContent: text("controls.now") }));
  return [term, make("dd", { textContent: rates(fps) })];
}

const spaced = (size) => String(size ?? "").replace("x", " × ");

/** Formats a list of frame rates, such as 30, 15, 7.5, or a range, such as 1 to 30. */
function rates(fps) {
  if (fps?.fastest) return text("fps", { value: text("controls.range", { smallest: fps.slowest, largest: fps.fastest }) });
  const known = [fps ?? []].flat().filter(Number.isFinite);
  return known.length > 0 ? text("fps", { value: known.map((rate) => Number(rate.toFixed(2))).join(", ") }) : "";
}
