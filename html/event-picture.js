// Shows the picture of an event over the live picture, with the box of the object.

import { Buttons } from "./buttons.js";
import { find, make, svg } from "./dom.js";
import { text } from "./strings.js";
import { tones, usual } from "./tones.js";

export class EventPicture {
  /** The camera of the event that is shown, or null. */
  camera = null;
  #root = make("section", { className: "event-picture", hidden: true });
  #base;
  #request = null;
  #address = "";
  #focusBefore = null;

  constructor(base) {
    this.#base = base;
    find("wall").after(this.#root);
  }

  get isOpen() {
    return !this.#root.hidden;
  }

  /** Shows an entry of the list. `title` describes it. After that, `focused` gets the focus again. */
  async show({ id, camera, label, box }, title, focused) {
    this.close();
    this.#focusBefore = focused;
    this.camera = camera;
    const request = (this.#request = new AbortController());
    const tools = make("div", { className: "tools" });
    new Buttons(tools, [["close", () => this.close()]]).label("close", "close");
    const note = make("p", { textContent: text("events.loading") });
    note.setAttribute("role", "status");
    this.#root.setAttribute("aria-label", text("events.picture"));
    this.#root.replaceChildren(make("div", { className: "head" }, make("h2", { textContent: title }), tools), make("div", { className: "event-stage" }, note));
    this.#root.hidden = false;
    tools.firstChild.focus();
    // The image in the list may be older than the box.
    const blob = await fetch(new URL(`events/${id}/picture`, this.#base), { signal: request.signal, cache: "no-store" })
      .then((answer) => (answer.ok ? answer.blob() : null)).catch(() => null);
    if (request.signal.aborted) return;
    const image = make("img", { alt: title });
    if (blob) image.src = this.#address = URL.createObjectURL(blob);
    const isUsable = blob && (await image.decode().then(() => true, () => false));
    if (request.signal.aborted) return;
    if (!isUsable) {
      note.textContent = text("events.noPicture");
      return;
    }
    const overlay = svg("svg", { viewBox: `0 0 ${image.naturalWidth} ${image.naturalHeight}`, "aria-hidden": true });
    if (box) {
      const [left, top, right, bottom] = box;
      overlay.append(svg("rect", {
        x: left, y: top, width: right - left, height: bottom - top, "vector-effect": "non-scaling-stroke",
        stroke: tones[Math.max(0, usual.indexOf(label))],
      }));
    }
    note.replaceWith(image, overlay);
  }

  /** Closes the picture; returns false if none is shown. */
  close() {
    if (!this.isOpen) return false;
    this.#request?.abort();
    URL.revokeObjectURL(this.#address);
    const hadFocus = this.#root.contains(document.activeElement);
    this.#root.hidden = true;
    this.#root.replaceChildren();
    this.camera = null;
    if (hadFocus) (this.#focusBefore?.isConnected ? this.#focusBefore : find("wall")).focus();
    return true;
  }
}
