// What lies over a picture that is not simply live: a sign, the state, and why. It is also read out.

import { icon } from "./icons.js";
import { duration, language, text } from "./strings.js";

export class Note {
  element = document.createElement("div");
  /** For screen readers only: the state, without spans of time that change four times a second. */
  announcement = document.createElement("div");

  constructor() {
    this.element.className = "note";
    this.announcement.className = "announcement";
    this.announcement.setAttribute("role", "status");
  }

  /** `condition` as `conditionOf` tells it; `delay`: the age of late pictures in milliseconds. */
  show(camera, condition, delay) {
    const { state } = condition;
    if (this.element.dataset.state !== state) {
      this.element.dataset.state = state;
      this.element.replaceChildren(icon(state), document.createElement("strong"), document.createElement("span"));
    }
    const title = text(state);
    this.element.children[1].textContent = title;
    this.element.children[2].textContent = capitalized(sentence(camera, condition, delay));
    const announced = state === "paused" ? "" : `${camera}: ${title}`;
    if (this.announcement.textContent !== announced) this.announcement.textContent = announced;
  }
}

/** The sentence that goes with a state; "" when there is nothing to add. */
function sentence(camera, { state, reason, cameraState, silence }, delay) {
  switch (state) {
    case "late":
      return text("detail.late", { age: duration(delay ?? 0) });
    case "stalled":
      return text("detail.stalled", { age: duration(silence) });
    case "offline":
      // The server gives its reason in English; other languages get the kind of trouble in their own words first.
      if (language.code === "en") return reason || text(`camera.${cameraState}`);
      return [text(`camera.${cameraState}`), reason].filter(Boolean).join("\n");
    default:
      return reason || text(`detail.${state}`, { camera });
  }
}

const capitalized = (words) => words.charAt(0).toUpperCase() + words.slice(1);
