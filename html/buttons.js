// A row of buttons with icons, whose labels follow the language.

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { text } from "./strings.js";

/** Faces that are words. */
const words = { english: "EN", korean: "한국어" };

export class Buttons {
  #byName = new Map();

  /** `tools`: [name, action] each; null is a line, anything else that is false is left out. */
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

  /** `key`: of the text that names the button; `face`: an icon's name, or one of the words. */
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

  /** Greys a button that can only say why it is of no use now; "" takes that back. */
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

