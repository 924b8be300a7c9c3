// The dialog with the list of keyboard shortcuts.

import { Buttons } from "./buttons.js";
import { find, make, settings } from "./dom.js";
import { text } from "./strings.js";

const rows = [
  ["← → ↑ ↓", "cameras"], ["Esc", "wall"], ["S", "snapshot"], ["F", "fullScreen"], ["␣", "freeze"], [", .", "step"], ["V", "view"],
  ["+ − 0", "zoom"], ["R", "rotate"], ["M", "mirror"], ["D", "detect"], ["B", "boxes"], ["Z", "zones"], ["C", "controls"], ["E", "events"], ["I", "details"], ["T", "theme"], ["L", "language"], ["?", "help"],
];

/** The shortcuts that are listed only if they are available. */
const conditional = ["detect", "boxes", "zones", "controls", "events", "cameras", "wall"];

export class Help {
  #dialog = find("help");
  #isOffered;

  /** `isOffered(key)` must return whether a shortcut of `conditional` is available at the moment. */
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
    const list = make("dl", {}, ...rows.filter(([, key]) => !conditional.includes(key) || this.#isOffered(key)).flatMap(([names, key]) => [
      make("dt", {}, ...names.split(" ").map((name) => make("kbd", { textContent: name }))),
      make("dd", { textContent: text(`key.${key}`) || text(key) }),
    ]));
    const box = make("input", { id: "shortcuts", type: "checkbox", checked: settings.get("shortcuts") !== "off" });
    box.setAttribute("role", "switch");
    box.addEventListener("change", () => settings.set("shortcuts", box.checked ? "on" : "off"));
    const label = make("label", { htmlFor: "shortcuts", textContent: text("shortcuts") });
    this.#dialog.replaceChildren(head, list, make("p", { className: "switch" }, label, box));
  }
}
