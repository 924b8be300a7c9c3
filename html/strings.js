// The page's texts in the user's language. Languages other than English are loaded when they are used.

import { settings } from "./dom.js";
import { english } from "./english.js";

const loaders = { en: () => ({ texts: english }), ko: () => import("./korean.js") };

class Language extends EventTarget {
  code = "en";
  texts = english;
  /** The names of detected classes, controls and menu items; undefined in English. */
  names;
  /** The texts of parts that are loaded later, by language. */
  added = {};
  #wanted = "en";

  add(texts) {
    for (const code in texts) this.added[code] = { ...this.added[code], ...texts[code] };
  }

  /** Switches to a language, unless it is unknown or cannot be loaded. */
  async use(code) {
    if (!(code in loaders)) return;
    this.#wanted = code;
    const loaded = await Promise.resolve(loaders[code]()).catch(() => null);
    if (!loaded || code !== this.#wanted || code === this.code) return;
    Object.assign(this, { code, texts: loaded.texts, names: loaded.names });
    this.dispatchEvent(new Event("change"));
  }
}

/** The current language. Fires "change". */
export const language = new Language();

const preferred = [settings.get("language"), ...(navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)), "en"];
await language.use(preferred.find((code) => code in loaders));

/** Returns the text for a key with its {placeholders} filled in, or "" if there is no such text. */
export function text(key, values = {}) {
  const { texts, added, code } = language;
  const template = texts[key] ?? added[code]?.[key] ?? english[key] ?? "";
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/**
 * Returns a server error as `{ sentence, detail }`. In languages other than English, a known code is translated, and
 * the server's own message is the detail.
 */
export function serverError(code, message) {
  const known = text(`error.${code}`);
  if (!known || (language.code === "en" && message)) return { sentence: message || known, detail: "" };
  return { sentence: known, detail: message ?? "" };
}

/** Formats a duration, such as 32 ms, 1.4 s or 2 min. */
export function duration(milliseconds) {
  if (milliseconds < 999.5) return text("unit.ms", { value: Math.max(0, Math.round(milliseconds)) });
  if (milliseconds < 9_950) return text("unit.s", { value: (milliseconds / 1000).toFixed(1) });
  if (milliseconds < 119_500) return text("unit.s", { value: Math.round(milliseconds / 1000) });
  return text("unit.min", { value: Math.round(milliseconds / 60_000) });
}

/** Formats a number from 0 to 1, such as 88%. */
export const percent = (share) => new Intl.NumberFormat(language.code, { style: "percent" }).format(share);

/** Formats bits per second, such as 850 kbit/s or 24.5 Mbit/s. */
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
