// A row of icon buttons whose labels follow the language.

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { text } from "./strings.js";

/** Words that buttons show instead of icons. */
const words = { english: "EN", korean: "한국어" };

export class Buttons {
  #byName = new Map();
  /** The button that Tab reaches; arrow keys reach the others. */
  #current = null;

  /** `tools` are [name, action] pairs. Null is a separator, and any other falsy value is skipped. */
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
    this.#current = this.#byName.values().next().value;
    place.addEventListener("keydown", (event) => this.#onKey(event));
    place.addEventListener("focusin", ({ target }) => this.#setCurrent(target));
    this.#setCurrent(this.#current);
  }

  get #usable() {
    return [...this.#byName.values()].filter((button) => !button.disabled && (button.checkVisibility?.() ?? true));
  }

  #setCurrent(button) {
    this.#current = button;
    for (const other of this.#byName.values()) other.tabIndex = other === button ? 0 : -1;
  }

  #onKey(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (!(event.key in steps) || event.ctrlKey || event.altKey || event.metaKey) return;
    const buttons = this.#usable;
    const at = buttons.indexOf(event.target) + steps[event.key];
    const next = Number.isFinite(at) ? (at + buttons.length) % buttons.length : at < 0 ? 0 : buttons.length - 1;
    buttons[next]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  /** Sets the text that names a button, and the icon or word that it shows. */
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

  /** Greys out a button and shows the reason in its tooltip. A reason of "" enables it again. */
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
    const usable = this.#usable;
    if (usable.length > 0 && !usable.includes(this.#current)) this.#setCurrent(usable[0]);
  }
}

