// What lies over a picture that is not simply live: a sign, the state, and why.

import { icon } from "./icons.js";
import { make } from "./dom.js";
import { duration, language, text, trouble } from "./strings.js";

export class Note {
  element = make("div", { className: "note" });
  /** For screen readers: without spans of time, which change four times a second. */
  announcement = make("div", { className: "announcement" });

  constructor() {
    this.announcement.setAttribute("role", "status");
  }

  /** `condition` as `conditionOf` tells it; `delay`: the age of late pictures in milliseconds. */
  show(camera, condition, delay) {
    const { state } = condition;
    if (this.element.dataset.state !== state) {
      this.element.dataset.state = state;
      this.element.replaceChildren(icon(state), make("strong"), make("span"), make("small", { lang: "en" }));
    }
    const title = text(state);
    this.element.children[1].textContent = title;
    const { sentence, detail } = explanation(camera, condition, delay);
    this.element.children[2].textContent = capitalized(sentence);
    this.element.children[3].textContent = capitalized(detail ?? "");
    const announced = state === "paused" ? "" : `${camera}: ${title}`;
    if (this.announcement.textContent !== announced) this.announcement.textContent = announced;
  }
}

/** The sentence that goes with a state, and the server's own words in another language. */
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
      return reason ? trouble(code, reason) : { sentence: text(`detail.${state}`, { camera }) };
  }
}

/** A sentence may begin with an address, which stays as it is. */
const capitalized = (words) => words.replace(/^[a-z](?=[a-z]*[ ,])/, (first) => first.toUpperCase());
