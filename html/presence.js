// Whether a player is seen: in a tab that is shown, or in a window of its own over all others.

import { make } from "./dom.js";

/** Whether the browser has such windows, picture in picture. */
export const canLeave = () => Boolean(document.pictureInPictureEnabled) && "captureStream" in HTMLCanvasElement.prototype;

export class Presence {
  #element;
  #onChange;
  #isInView = false;
  #isOut = false;
  #isSeen = false;
  #observer = new IntersectionObserver((entries) => {
    this.#isInView = entries.at(-1).isIntersecting;
    this.#look();
  }, { rootMargin: "64px" });

  /** `onChange(isSeen)`; what is not watched is not seen. */
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

  /** Shows a canvas in a window of its own, or takes it back. Needs a click. */
  async toggleWindow(canvas) {
    if (document.pictureInPictureElement) {
      await document.exitPictureInPicture();
      return;
    }
    const video = make("video", { muted: true, srcObject: canvas.captureStream() });
    await video.play();
    await video.requestPictureInPicture();
    this.#isOut = true;
    video.addEventListener("leavepictureinpicture", () => {
      video.srcObject = null;
      this.#isOut = false;
      this.#look();
    }, { once: true });
  }

  #listen(how) {
    document[how]("visibilitychange", this.#look);
    window[how]("pageshow", this.#look);
    window[how]("pagehide", this.#hide);
  }

  #look = () => this.#tell((!document.hidden && this.#isInView) || this.#isOut);

  #hide = () => this.#tell(false);

  #tell(isSeen) {
    if (isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    this.#onChange(isSeen);
  }
}
