// <oriel-player camera="main">: a live picture that says how it is.
//
//   <script type="module" src="http://SERVER:8000/player.js"></script>
//   <oriel-player camera="main"></oriel-player>
//
// Attributes: camera; server (the server's address, else where this file came from); mode ("live", or "stills"
// for snapshots once a second or slower); fps (the most pictures a second to ask for); zoomable; history.
// Events: "state" when `state` changes, "measure" four times a second while it plays.

import { conditionOf } from "./condition.js";
import { icon } from "./icons.js";
import { Metrics } from "./metrics.js";
import { now } from "./engine.js";
import { Screen } from "./screen.js";
import { StatusFeed } from "./status.js";
import { StillLane } from "./stills.js";
import { duration, language, text } from "./strings.js";
import { View, addGestures } from "./view.js";
import { sheet } from "./player-style.js";

const refreshInterval = 250;
const backoff = { first: 150, base: 400, most: 10_000 };

export class OrielPlayer extends HTMLElement {
  static observedAttributes = ["camera", "server", "mode", "fps", "history"];

  /** The state as `conditionOf` tells it: `{ state, reason?, … }`. */
  condition = { state: "connecting" };
  metrics = new Metrics();
  /** The picture's size in pixels; 0 before the first. */
  size = { width: 0, height: 0 };
  /** The newest picture on the screen: `{ id, time, delay }`. */
  frame = null;
  /** While frozen: `{ id, time, before, after }`, the last two the number of places to step. */
  frozen = null;
  view;

  #stage = element("div", "stage");
  #note = element("div", "note");
  #announcement = element("div", "announcement");
  #screen = null;
  #fallback = null;
  #feed = null;
  #isConnected = false;
  #isInView = false;
  #isInPictureInPicture = false;
  #isActive = false;
  #isOpen = false;
  #openedAt = 0;
  #pictureAt = 0;
  #refusal = null;
  #attempts = 0;
  #retryTimer = 0;
  #refreshTimer = 0;
  #whenStillDone = null;
  #observer = new IntersectionObserver((entries) => this.#see(entries.at(-1).isIntersecting), { rootMargin: "64px" });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.#announcement.setAttribute("role", "status");
    root.append(this.#stage, this.#note, this.#announcement);
    this.view = new View(this.#stage);
    addGestures(this.#stage, this.view, () => this.hasAttribute("zoomable"));
  }

  get camera() {
    return this.getAttribute("camera") || "main";
  }

  get base() {
    return new URL(this.getAttribute("server") || ".", this.hasAttribute("server") ? location.href : import.meta.url);
  }

  /** What the status feed says of this camera; undefined before it does. */
  get status() {
    return this.#feed?.cameras.get(this.camera);
  }

  /** How old the picture on the screen is at this moment, in milliseconds; null when no clock is known. */
  get age() {
    if (!this.frame?.time) return null;
    const recent = now() - this.#pictureAt < 1.5 * (this.metrics.interval ?? 0);
    if (recent && this.metrics.delay !== null) return this.metrics.delay;
    return this.#ageAt(now(), this.frame.time);
  }

  get isStill() {
    return this.getAttribute("mode") === "stills";
  }

  connectedCallback() {
    this.#isConnected = true;
    this.#feed = StatusFeed.of(this.base);
    this.#feed.addEventListener("status", this.#onStatus);
    document.addEventListener("visibilitychange", this.#reconsider);
    addEventListener("online", this.#onOnline);
    addEventListener("pagehide", this.#onPageHide);
    addEventListener("pageshow", this.#reconsider);
    language.addEventListener("change", this.#onLanguage);
    this.#makeScreen();
    this.#observer.observe(this);
    this.#showCondition();
  }

  disconnectedCallback() {
    this.#isConnected = false;
    this.#observer.disconnect();
    this.#isInView = false;
    this.#reconsider();
    this.#feed.removeEventListener("status", this.#onStatus);
    document.removeEventListener("visibilitychange", this.#reconsider);
    removeEventListener("online", this.#onOnline);
    removeEventListener("pagehide", this.#onPageHide);
    removeEventListener("pageshow", this.#reconsider);
    language.removeEventListener("change", this.#onLanguage);
    this.#screen?.close();
    this.#screen = null;
    this.#stage.replaceChildren();
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.#isConnected) return;
    if (name === "history") {
      this.#screen?.call("keepHistory", this.hasAttribute("history"));
    } else if (this.#isActive) {
      this.#pause();
      this.#reconsider();
    }
  }

  /** Keeps the picture on the screen, or goes on. */
  freeze(isOn) {
    this.#screen?.call("freeze", isOn);
  }

  step(places) {
    this.#screen?.call("step", places);
  }

  /** The picture on the screen as the server sent it: `{ id, time, blob }`, or null. */
  async picture() {
    const picture = await this.#screen?.picture();
    return picture ? { ...picture, blob: new Blob([picture.bytes], { type: "image/jpeg" }) } : null;
  }

  /** Shows the picture in a window of its own, or takes it back. Needs a click; see `canLeave`. */
  async togglePictureInPicture() {
    if (document.pictureInPictureElement) {
      await document.exitPictureInPicture();
      return;
    }
    const video = document.createElement("video");
    video.muted = true;
    video.srcObject = this.#screen.canvas.captureStream();
    await video.play();
    await video.requestPictureInPicture();
    this.#isInPictureInPicture = true;
    video.addEventListener("leavepictureinpicture", () => {
      this.#isInPictureInPicture = false;
      video.srcObject = null;
      this.#reconsider();
    }, { once: true });
  }

  /** Whether the browser has picture in picture for a canvas. */
  static get canLeave() {
    return Boolean(document.pictureInPictureEnabled) && "captureStream" in HTMLCanvasElement.prototype;
  }

  /** One snapshot; settles when it is on the screen or has failed. Called in turn by the lane. */
  takeStill() {
    if (this.status?.online === false || !this.#screen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenStillDone = resolve;
      this.#screen.call("still", String(this.#address("snapshot")));
    });
  }

  #address(kind) {
    const address = new URL(`${kind}/${this.camera}`, this.base);
    const fps = Number(this.getAttribute("fps"));
    if (kind === "video" && fps > 0) address.searchParams.set("fps", fps);
    return address;
  }

  #makeScreen() {
    if (!Screen.isSupported) {
      this.#fallback = element("img", "picture");
      this.#fallback.addEventListener("load", () => {
        this.size = { width: this.#fallback.naturalWidth, height: this.#fallback.naturalHeight };
        this.view.size = this.size;
      });
      this.#stage.replaceChildren(this.#fallback);
      this.view.canvas = this.#fallback;
      return;
    }
    this.#screen = new Screen((message) => this.#receive(message));
    this.#screen.call("keepHistory", this.hasAttribute("history"));
    this.#screen.canvas.className = "picture";
    this.#screen.canvas.setAttribute("role", "img");
    this.#stage.replaceChildren(this.#screen.canvas);
    this.view.canvas = this.#screen.canvas;
  }

  // Playing only while it is seen.

  #see(isInView) {
    this.#isInView = isInView;
    this.#reconsider();
  }

  #reconsider = () => {
    const isSeen = (!document.hidden && this.#isInView) || this.#isInPictureInPicture;
    const shouldPlay = this.#isConnected && isSeen;
    if (shouldPlay && !this.#isActive) this.#play();
    else if (!shouldPlay && this.#isActive) this.#pause();
  };

  #onPageHide = () => {
    if (this.#isActive) this.#pause();
  };

  #play() {
    this.#isActive = true;
    this.#openedAt = now();
    this.#pictureAt = 0;
    this.#attempts = 0;
    this.#refusal = null;
    this.metrics.breakOff();
    this.#feed.use(this);
    this.#refreshTimer = setInterval(() => this.#refresh(), refreshInterval);
    this.#connect();
    this.#refresh();
  }

  #pause() {
    this.#isActive = false;
    this.#isOpen = false;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#refreshTimer);
    this.#retryTimer = 0;
    this.#feed.release(this);
    StillLane.of(this.base).remove(this);
    this.#screen?.call("stop");
    this.#fallback?.removeAttribute("src");
    this.#refresh();
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    if (this.#fallback) {
      const address = this.#address("video");
      address.searchParams.set("advance_headers", 1);
      this.#fallback.src = address;
    } else if (this.isStill) {
      StillLane.of(this.base).add(this);
    } else {
      this.#isOpen = true;
      this.#screen.call("play", String(this.#address("video")));
    }
  }

  #connectLater() {
    if (!this.#isActive || this.isStill || this.#retryTimer) return;
    const pause = this.#attempts === 0 ? backoff.first : Math.min(backoff.most, backoff.base * 2 ** this.#attempts);
    const asked = (this.#refusal?.retryAfter ?? 0) * 1000;
    this.#attempts += 1;
    this.metrics.reconnects += 1;
    this.#retryTimer = setTimeout(() => this.#connect(), Math.max(asked, pause * (0.5 + Math.random() / 2)));
  }

  #connectNow() {
    if (this.#isActive && !this.#isOpen && !this.isStill && !this.#fallback) this.#connect();
  }

  #onOnline = () => this.#connectNow();

  #onStatus = ({ detail }) => {
    if (detail.isReturn) {
      this.#attempts = 0;
      this.#connectNow();
    }
    if (this.#fallback) this.#readFallback();
    this.#refresh();
  };

  // What the engine reports.

  #receive(message) {
    switch (message.type) {
      case "open":
        this.#refusal = null;
        break;
      case "frame":
        this.#takeFrame(message);
        break;
      case "frozen":
        this.#takeFrozen(message);
        break;
      case "closed":
        this.#isOpen = false;
        this.#refusal = message.cause === "refused" ? message : null;
        if (message.cause !== "refused") this.#feed.pollNow();
        this.metrics.breakOff();
        this.#connectLater();
        this.#refresh();
        break;
      case "stillDone":
        this.#whenStillDone?.();
        this.#whenStillDone = null;
        break;
      default:
        break;
    }
  }

  #takeFrame(message) {
    const { id, time, at, width, height } = message;
    this.size = { width, height };
    this.view.size = this.size;
    if (!message.isPicture || !this.#isActive) return;
    this.#attempts = 0;
    this.#refusal = null;
    this.#pictureAt = at;
    const delay = this.#ageAt(at, time);
    this.frame = { id, time, delay };
    this.metrics.add(message, delay);
    if (!["live", "late"].includes(this.condition.state)) this.#refresh();
  }

  #takeFrozen(message) {
    this.frozen = message.isFrozen ? message : null;
    if (!message.isFrozen) this.metrics.breakOff();
    this.#refresh();
  }

  /** An `<img>` tells nothing of its frames; the server's word has to do. */
  #readFallback() {
    const { status } = this;
    if (!status?.online || status.frame_id === this.frame?.id) return;
    this.#pictureAt = now();
    this.frame = { id: status.frame_id, time: 0, delay: null };
  }

  #ageAt(at, time) {
    const offset = this.#feed.clockOffset;
    if (!time || offset === null) return null;
    return Math.max(0, at + offset + this.#upstreamOffset - time);
  }

  /** How far the clock of the pictures is from the server's, in milliseconds. */
  get #upstreamOffset() {
    return Number(this.status?.clock_offset_ms) || 0;
  }

  // What a person sees of it.

  #refresh() {
    const condition = conditionOf({
      now: now(),
      openedAt: this.#openedAt,
      isActive: this.#isActive,
      isFrozen: this.frozen !== null,
      pictureAt: this.#pictureAt,
      delay: this.metrics.delay,
      interval: this.metrics.interval,
      refusal: this.#refusal,
      isStill: this.isStill,
      isReachable: this.#feed?.isReachable ?? null,
      askedAt: this.#feed?.askedAt ?? 0,
      camera: this.status,
      isKnown: this.#feed?.cameras.has(this.camera),
    });
    const isChange = condition.state !== this.condition.state || condition.reason !== this.condition.reason;
    this.condition = condition;
    if (isChange || condition.state === "late" || condition.state === "stalled") this.#showCondition();
    if (isChange) this.dispatchEvent(new CustomEvent("state", { detail: condition, bubbles: true }));
    this.dispatchEvent(new CustomEvent("measure"));
  }

  #onLanguage = () => this.#showCondition();

  #showCondition() {
    const { state } = this.condition;
    const [title, detail] = [text(state), this.describe()];
    this.setAttribute("state", state);
    this.#screen?.canvas.setAttribute("aria-label", text("picture", { camera: this.camera }));
    if (this.#note.dataset.state !== state) {
      this.#note.dataset.state = state;
      this.#note.replaceChildren(icon(state), element("strong"), element("span"));
    }
    this.#note.children[1].textContent = title;
    this.#note.children[2].textContent = detail;
    // Spans of time change four times a second; only the state itself is worth a word to a listener.
    const announcement = state === "paused" ? "" : `${this.camera}: ${title}`;
    if (this.#announcement.textContent !== announcement) this.#announcement.textContent = announcement;
  }

  /** The sentence that goes with the state; "" when there is nothing to add. */
  describe() {
    const { state, reason, cameraState, silence } = this.condition;
    switch (state) {
      case "late":
        return text("detail.late", { age: duration(this.metrics.delay ?? 0) });
      case "stalled":
        return text("detail.stalled", { age: duration(silence) });
      case "offline":
        return language.code === "en" ? reason || text(`camera.${cameraState}`) : [text(`camera.${cameraState}`), reason].filter(Boolean).join("\n");
      default:
        return reason || text(`detail.${state}`, { camera: this.camera });
    }
  }
}

function element(name, className = "") {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

if (!customElements.get("oriel-player")) customElements.define("oriel-player", OrielPlayer);
