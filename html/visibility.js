// Tracks whether a player is visible in a tab or in a picture-in-picture window.

import { make } from "./dom.js";

/** Whether the browser supports picture-in-picture for a canvas. */
export const supportsPictureInPicture = () => Boolean(document.pictureInPictureEnabled) && "captureStream" in HTMLCanvasElement.prototype;

export class Visibility {
  #element;
  #onChange;
  #isInView = false;
  #isInWindow = false;
  #isVisible = false;
  #observer = new IntersectionObserver((entries) => {
    this.#isInView = entries.at(-1).isIntersecting;
    this.#update();
  }, { rootMargin: "64px" });

  /** Calls `onChange(isVisible)`. An element that is not watched counts as invisible. */
  constructor(element, onChange) {
    this.#element = element;
    this.#onChange = onChange;
  }

  watch() {
    this.#observer.observe(this.#element);
    this.#listen("addEventListener");
  }

  unwatch() {
    this.#observer.disconnect();
    this.#listen("removeEventListener");
    this.#isInView = false;
    this.#hide();
  }

  /** Opens or closes a picture-in-picture window for a canvas, after a user gesture. */
  async toggleWindow(canvas) {
    if (document.pictureInPictureElement) {
      await document.exitPictureInPicture();
      return;
    }
    const video = make("video", { muted: true, srcObject: canvas.captureStream() });
    await video.play();
    await video.requestPictureInPicture();
    this.#isInWindow = true;
    video.addEventListener("leavepictureinpicture", () => {
      video.srcObject = null;
      this.#isInWindow = false;
      this.#update();
    }, { once: true });
  }

  #listen(how) {
    document[how]("visibilitychange", this.#update);
    window[how]("pageshow", this.#update);
    window[how]("pagehide", this.#hide);
  }

  #update = () => this.#set((!document.hidden && this.#isInView) || this.#isInWindow);

  #hide = () => this.#set(false);

  #set(isVisible) {
    if (isVisible === this.#isVisible) return;
    this.#isVisible = isVisible;
    this.#onChange(isVisible);
  }
}
