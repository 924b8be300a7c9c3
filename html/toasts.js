// Short notices about new events. They do not take the focus, and disappear by themselves.

import { make } from "./dom.js";

const maximumCount = 3;
const shownTime = 5_000;

export class Toasts {
  #root = make("div", { className: "toasts" });

  constructor() {
    this.#root.setAttribute("role", "status");
    // Only a new notice is read out, not those that are still shown.
    this.#root.setAttribute("aria-atomic", false);
    document.body.append(this.#root);
  }

  /** Shows a notice. `choose()` is called when the user clicks it. */
  show(sentence, choose) {
    const toast = make("button", { type: "button", className: "toast", textContent: sentence });
    let timer = 0;
    const close = () => {
      clearTimeout(timer);
      toast.remove();
    };
    const wait = () => (timer = setTimeout(close, shownTime));
    for (const type of ["pointerenter", "focus"]) toast.addEventListener(type, () => clearTimeout(timer));
    for (const type of ["pointerleave", "blur"]) toast.addEventListener(type, wait);
    toast.addEventListener("click", () => {
      close();
      choose();
    });
    while (this.#root.children.length >= maximumCount) this.#root.firstChild.remove();
    this.#root.append(toast);
    wait();
  }

  clear() {
    this.#root.replaceChildren();
  }
}
