// The list of keyboard shortcuts.

import { Buttons } from "./buttons.js";
import { find, make } from "./dom.js";
import { text } from "./strings.js";

const rows = [
  ["← → ↑ ↓", "cameras"], ["Esc", "wall"], ["S", "snapshot"], ["F", "fullScreen"], ["␣", "freeze"], [", .", "step"], ["V", "view"],
  ["+ − 0", "zoom"], ["R", "rotate"], ["M", "mirror"], ["D", "detect"], ["C", "controls"], ["I", "details"], ["T", "theme"], ["L", "language"], ["?", "help"],
];

export class Help {
  #dialog = find("help");
  #isOffered;

  /** `isOffered(key)`: whether the server offers this feature ("detect", "controls") for the current camera. */
  constructor(isOffered) {
    this.#isOffered = isOffered;
    this.#dialog.setAttribute("aria-labelledby", "help-title");
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
  }

  get isOpen() {
    return this.#dialog.open;
  }

  toggle() {
    if (this.isOpen) return this.#dialog.close();
    this.rebuild();
    this.#dialog.showModal();
  }

  rebuild() {
    const tools = make("div", { className: "tools" });
    new Buttons(tools, [["close", () => this.#dialog.close()]]).label("close", "close");
    const head = make("div", { className: "head" }, make("h2", { id: "help-title", textContent: text("help") }), tools);
    const list = make("dl", {}, ...rows.filter(([, key]) => !["detect", "controls"].includes(key) || this.#isOffered(key)).flatMap(([names, key]) => [
      make("dt", {}, ...names.split(" ").map((name) => make("kbd", { textContent: name }))),
      make("dd", { textContent: text(`key.${key}`) || text(key) }),
    ]));
    this.#dialog.replaceChildren(head, list);
  }
}
