// The page's texts in the user's language.

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

/** The current language; fires "change". */
export const language = new Language();

/** Returns the text for a key with its {placeholders} filled in, or "" if there is no such text. */
export function text(key, values = {}) {
  const template = dictionaries[language.code][key] ?? english[key] ?? "";
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/**
 * Returns a server error as `{ sentence, detail }`. In other languages than English, a known code is translated and
 * the server's own message becomes the detail.
 */
export function serverError(code, message) {
  const known = text(`error.${code}`);
  if (!known || (language.code === "en" && message)) return { sentence: message || known, detail: "" };
  return { sentence: known, detail: message ?? "" };
}

/** Formats a duration: 32 ms, 1.4 s, 2 min. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1000)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** Formats bits per second: 850 kbit/s, 24.5 Mbit/s. */
export function bandwidth(bitsPerSecond) {
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  const megabits = bitsPerSecond / 1_000_000;
  return `${megabits.toFixed(megabits < 100 ? 1 : 0)} Mbit/s`;
}

/** Formats a picture's time to the millisecond, in the local time zone. */
export function timeOfDay(time) {
  const style = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" };
  return new Intl.DateTimeFormat(language.code, style).format(time);
}
