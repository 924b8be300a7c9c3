// The row of chips over a picture with live boxes: how many objects of each class the newest picture contains. A chip
// switches the boxes of its class off and on.

import { find, make, settings } from "./dom.js";
import { chipTexts, countText } from "./chip-texts.js";
import { language, text } from "./strings.js";

/** The server's classes could be any. */
const maximumCount = 24;

language.add(chipTexts);
const style = make("link", { rel: "stylesheet", href: new URL("chips.css", import.meta.url) });
document.head.append(style);
// Without its style sheet, nothing is shown.
await new Promise((resolve) => (style.onload = style.onerror = resolve));

export class Chips {
  #root = make("div", { className: "chips", hidden: true });
  #player = null;
  /** The chips by label. A chip stays while boxes are shown, so that the others keep their places. */
  #chips = new Map();

  constructor() {
    this.#root.setAttribute("role", "toolbar");
    this.#root.addEventListener("keydown", (event) => this.#onKey(event));
    this.#root.addEventListener("focusin", ({ target }) => this.#setCurrent(target));
    find("wall").after(this.#root);
    language.addEventListener("change", () => this.#rebuild());
  }

  /** The player whose objects are counted. Null hides the chips. */
  set player(player) {
    if (player === this.#player) return;
    this.#player?.removeEventListener("measure", this.#draw);
    this.#player = player;
    this.#chips.clear();
    player?.addEventListener("measure", this.#draw);
    this.#rebuild();
  }

  /** The labels whose boxes are not drawn. */
  get #omitted() {
    return (this.#player?.getAttribute("omit") ?? "").split(",").filter(Boolean);
  }

  #rebuild() {
    const had = this.#root.contains(document.activeElement) ? document.activeElement.dataset.label : null;
    const labels = this.#player ? [...this.#chips.keys()] : [];
    this.#chips.clear();
    this.#root.replaceChildren();
    this.#root.setAttribute("aria-label", text("chips"));
    // A chip that is switched off is always shown; otherwise it could not be switched on again.
    for (const label of [...labels, ...this.#omitted]) this.#add(label);
    this.#draw();
    if (had !== null) (this.#root.hidden ? find("wall") : (this.#chips.get(had)?.button ?? find("wall"))).focus();
  }

  #add(label) {
    if (this.#chips.has(label) || this.#chips.size >= maximumCount) return;
    const words = make("span");
    // The widest texts reserve the space, so that the chip's width does not depend on the number.
    const widest = [1, 88].map((count) => make("span", { className: "widest", textContent: countText(label, count), ariaHidden: true }));
    const face = make("span", { className: "face" }, make("i"), make("span", { className: "words" }, words, ...widest));
    const button = make("button", { type: "button", tabIndex: this.#chips.size === 0 ? 0 : -1 }, face);
    button.dataset.label = label;
    button.addEventListener("click", () => this.#toggle(label));
    this.#chips.set(label, { button, words, face });
    this.#root.append(button);
    this.#press(label);
  }

  #toggle(label) {
    const omitted = this.#omitted;
    const labels = omitted.includes(label) ? omitted.filter((other) => other !== label) : [...omitted, label];
    settings.set(`omit.${this.#player.camera}`, labels.join(","));
    this.#player.setAttribute("omit", labels.join(","));
    this.#press(label);
  }

  #press(label) {
    const { button } = this.#chips.get(label);
    const isShown = !this.#omitted.includes(label);
    button.setAttribute("aria-pressed", isShown);
    button.title = text(isShown ? "chips.hide" : "chips.show");
  }

  #draw = () => {
    const objects = this.#player?.frame?.objects ?? [];
    for (const [label] of objects) this.#add(label);
    const found = new Map(objects.map(([label, count, tone]) => [label, { count, tone }]));
    for (const [label, { button, words, face }] of this.#chips) {
      const { count, tone } = found.get(label) ?? { count: 0 };
      const counted = countText(label, count);
      if (tone) face.style.setProperty("--tone", tone);
      face.classList.toggle("none", count === 0);
      if (words.textContent !== counted) words.textContent = counted;
      // Screen readers would read each change of the focused chip's name.
      if (button !== document.activeElement && button.ariaLabel !== counted) button.ariaLabel = counted;
    }
    this.#root.hidden = !this.#player?.showsBoxes || this.#chips.size === 0;
  };

  // Tab reaches one chip, and the arrow keys reach the others.

  #setCurrent(current) {
    for (const { button } of this.#chips.values()) button.tabIndex = button === current ? 0 : -1;
  }

  #onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    const buttons = [...this.#root.children];
    buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }
}
