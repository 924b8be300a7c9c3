// What the page says, in the language of its reader.

import { english } from "./english.js";
import { korean } from "./korean.js";

const dictionaries = { en: english, ko: korean };

class Language extends EventTarget {
  #code = (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)).find((tag) => tag in dictionaries) ?? "en";

  get code() {
    return this.#code;
  }

  set code(code) {
    if (!(code in dictionaries) || code === this.#code) return;
    this.#code = code;
    this.dispatchEvent(new Event("change"));
  }
}

/** The language in use; sends "change". */
export const language = new Language();

/** The text for a key, with {names} filled in; "" when there is none. */
export function text(key, values = {}) {
  const template = dictionaries[language.code][key] ?? english[key] ?? "";
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/**
 * What the server said of a trouble, as `{ sentence, detail }`: in other languages than English its sentence is the detail,
 * where the code is known.
 */
export function trouble(code, message) {
  const known = text(`error.${code}`);
  if (!known || (language.code === "en" && message)) return { sentence: message || known, detail: "" };
  return { sentence: known, detail: message ?? "" };
}

/** A span of time as people say it: 32 ms, 1.4 s, 2 min. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1000)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** Bits a second: 850 kbit/s, 24.5 Mbit/s. */
export function bandwidth(bitsPerSecond) {
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  const megabits = bitsPerSecond / 1_000_000;
  return `${megabits.toFixed(megabits < 100 ? 1 : 0)} Mbit/s`;
}

/** The time of a picture to the millisecond, on this machine's clock face. */
export function timeOfDay(time) {
  const style = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" };
  return new Intl.DateTimeFormat(language.code, style).format(time);
}
