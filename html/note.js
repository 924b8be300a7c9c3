// The overlay on a picture that is not live, with an icon, the state and the reason.

import { icon } from "./icons.js";
import { make } from "./dom.js";
import { duration, language, text, serverError } from "./strings.js";

export class Note {
  element = make("div", { className: "note" });
  /** The text for screen readers, without durations, which change four times per second. */
  announcement = make("div", { className: "announcement" });

  constructor() {
    this.announcement.setAttribute("role", "status");
  }

  /** Shows a result of `conditionOf`. `delay` is in milliseconds. If `isQuiet`, nothing is announced. */
  show(camera, condition, delay, isQuiet) {
    const { state, trouble } = condition;
    if (this.element.dataset.state !== state) {
      this.element.dataset.state = state;
      this.element.replaceChildren(icon(state), make("strong"), make("span"), make("small", { lang: "en" }));
    }
    const title = text(state);
    this.element.children[1].textContent = title;
    const { sentence, detail } = explanation(camera, condition, delay);
    this.element.children[2].textContent = capitalized(sentence);
    this.element.children[3].textContent = capitalized(detail ?? "");
    // Connecting is not announced, because it is often short.
    if (state === "connecting" && !isQuiet) return;
    const announced = isQuiet || state === "paused" ? "" : `${camera}: ${[title, text(trouble)].filter(Boolean).join(" · ")}`;
    if (this.announcement.textContent !== announced) this.announcement.textContent = announced;
  }
}

/** Returns a sentence. In languages other than English, the detail is the server's message. */
function explanation(camera, { state, code, reason, cameraState, silence }, delay) {
  switch (state) {
    case "late":
      return { sentence: text("detail.late", { age: duration(delay ?? 0) }) };
    case "stalled":
      return { sentence: text("detail.stalled", { age: duration(silence) }) };
    case "offline": {
      const known = text(`camera.${cameraState}`);
      return language.code === "en" || !known ? { sentence: reason || known } : { sentence: known, detail: reason };
    }
    default:
      return reason ? serverError(code, reason) : { sentence: text(`detail.${state}`, { camera }) };
  }
}

/** Capitalizes a sentence, unless it begins with an address. */
const capitalized = (words) => words.replace(/^[a-z](?=[a-z]*[ ,])/, (first) => first.toUpperCase());
