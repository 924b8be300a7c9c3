// A row of icon buttons whose labels follow the language.

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { text } from "./strings.js";

/** Faces that are words instead of icons. */
const words = { english: "EN", korean: "한국어" };

export class Buttons {
  #byName = new Map();

  /** `tools`: [name, action] pairs; null is a separator, any other falsy value is skipped. */
  constructor(place, tools) {
    for (const tool of tools) {
      if (tool === null) {
        place.append(make("hr"));
      } else if (tool) {
        const [name, action] = tool;
        const button = make("button", { type: "button" });
        button.dataset.tool = name;
        button.addEventListener("click", action);
        this.#byName.set(name, button);
        place.append(button);
      }
    }
  }

  /** `key`: the text that names the button; `face`: the name of an icon, or one of the words. */
  label(name, key, face = key) {
    const button = this.#byName.get(name);
    const title = text(key);
    if (!button || (button.title === title && button.dataset.face === face)) return;
    button.title = title;
    button.dataset.face = face;
    button.setAttribute("aria-label", title);
    button.replaceChildren(words[face] ?? icon(face));
  }

  press(name, isPressed) {
    this.#byName.get(name)?.setAttribute("aria-pressed", isPressed);
  }

  /** Greys out a button and shows the reason in its tooltip; a reason of "" enables it again. */
  grey(name, reason) {
    const button = this.#byName.get(name);
    if (!button) return;
    button.setAttribute("aria-disabled", reason !== "");
    if (reason) button.title = `${button.getAttribute("aria-label")}: ${reason}`;
    else button.title = button.getAttribute("aria-label");
  }

  offer(name, isShown, isEnabled) {
    const button = this.#byName.get(name);
    if (!button) return;
    button.hidden = !isShown;
    button.disabled = !isEnabled;
  }
}

