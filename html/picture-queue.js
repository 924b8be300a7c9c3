// Loads small pictures one after the other, and only those that are visible, so that the other requests of the page
// need not wait for them.

export class PictureQueue {
  #addresses = new Map();
  #waiting = new Set();
  #isLoading = false;
  #observer;

  /** `root` is the element that scrolls the pictures. */
  constructor(root) {
    this.#observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) this.#waiting[isIntersecting ? "add" : "delete"](target.firstChild);
      this.#next();
    }, { root });
  }

  /** Loads the picture at `address` into an `<img>` when the element around it becomes visible. */
  add(image, address) {
    this.#addresses.set(image, address);
    this.#observer.observe(image.parentElement);
  }

  #next() {
    if (this.#isLoading) return;
    const [image] = this.#waiting;
    if (!image) return;
    this.#isLoading = true;
    this.#waiting.delete(image);
    this.#observer.unobserve(image.parentElement);
    const done = () => {
      this.#isLoading = false;
      this.#next();
    };
    image.addEventListener("load", done, { once: true });
    image.addEventListener("error", () => {
      // An object may have no picture. Style sheets hide an image without an address.
      image.removeAttribute("src");
      done();
    }, { once: true });
    image.src = this.#addresses.get(image);
    this.#addresses.delete(image);
  }
}
