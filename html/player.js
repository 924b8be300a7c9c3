// <oriel-player camera="main">: a live picture that says how it is.
//
//   <script type="module" src="http://SERVER:8000/player.js"></script>
//   <oriel-player camera="main"></oriel-player>
//
// Attributes: camera; server (the server's address, else where this file came from); mode ("live", or "stills" for
// snapshots once a second or slower, which those get too for whom there is no connection left); fps (the most pictures a second to ask for); zoomable; history.
// Events: "state" when `condition` changes, "measure" four times a second while it plays.

import { conditionOf } from "./condition.js";
import { Metrics } from "./metrics.js";
import { Note } from "./note.js";
import { now } from "./engine.js";
import { Retry } from "./retry.js";
import { Screen } from "./screen.js";
import { StatusFeed } from "./status.js";
import { StillLane, Streams } from "./streams.js";
import { language, text } from "./strings.js";
import { View, addGestures } from "./view.js";
import { sheet } from "./player-style.js";

const refreshInterval = 250;
/** Milliseconds without a picture after which the server is asked whether it is still there. */
const silence = 400;

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

  #stage = document.createElement("div");
  #note = new Note();
  #screen = null;
  #fallback = null;
  #feed = null;
  #streams = null;
  #lane = null;
  #isInView = false;
  #isInPictureInPicture = false;
  #isActive = false;
  #isOpen = false;
  /** null until it is known. */
  #mayStream = null;
  #openedAt = 0;
  #pictureAt = 0;
  #refusal = null;
  #outage = null;
  #isDoubted = false;
  #retry = new Retry(() => this.#connect());
  #refreshTimer = 0;
  #whenStillDone = null;
  #observer = new IntersectionObserver((entries) => this.#see(entries.at(-1).isIntersecting), { rootMargin: "64px" });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    this.#stage.className = "stage";
    root.append(this.#stage, this.#note.element, this.#note.announcement);
    this.view = new View(this.#stage);
    addGestures(this.#stage, this.view, () => this.hasAttribute("zoomable"));
  }

  get camera() {
    return this.getAttribute("camera") || "main";
  }

  /** The server's address. */
  get base() {
    return new URL(this.getAttribute("server") || ".", this.hasAttribute("server") ? location.href : import.meta.url);
  }

  get #wantsStills() {
    return this.getAttribute("mode") === "stills";
  }

  get isStill() {
    return this.#wantsStills || this.#mayStream === false;
  }

  /** Whether the server has no such camera. It is asked for pictures again when its status names the camera. */
  get isMissing() {
    return this.condition.state === "missing" && this.#feed.askedAt > 0;
  }

  /** Whether the picture can be frozen, which a plain `<img>` cannot. */
  get canFreeze() {
    return this.#fallback === null;
  }

  /** What the server last said of this camera; undefined before it did. */
  get status() {
    return this.#feed?.cameras.get(this.camera);
  }

  /** How old the picture on the screen is at this moment, in milliseconds; null when no clock is known. */
  get age() {
    if (!this.frame?.time) return null;
    const isFlowing = now() - this.#pictureAt < 1.5 * (this.metrics.interval ?? 0);
    return isFlowing && this.metrics.delay !== null ? this.metrics.delay : this.#ageAt(now(), this.frame.time);
  }

  connectedCallback() {
    this.#feed = StatusFeed.of(this.base);
    this.#streams = Streams.of(this.base);
    this.#lane = StillLane.of(this.base);
    this.#listen("addEventListener");
    this.#makeScreen();
    this.#observer.observe(this);
    this.#showCondition();
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    this.#isInView = false;
    this.#reconsider();
    this.#listen("removeEventListener");
    this.#screen?.close();
    this.#screen = null;
    this.#endStill();
    this.#stage.replaceChildren();
  }

  #listen(how) {
    this.#feed[how]("status", this.#onStatus);
    document[how]("visibilitychange", this.#reconsider);
    window[how]("online", this.#connectNow);
    window[how]("pagehide", this.#onPageHide);
    window[how]("pageshow", this.#reconsider);
    language[how]("change", this.#showCondition);
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "history") {
      this.#screen?.call("keepHistory", this.hasAttribute("history"));
    } else if (name === "server") {
      this.disconnectedCallback();
      this.connectedCallback();
    } else if (this.#isActive) {
      this.#pause();
      this.#reconsider();
    }
  }

  // What others may ask of it.

  /** Keeps the picture on the screen, or goes on. */
  freeze(isOn) {
    this.#screen?.call("freeze", isOn);
  }

  /** Shows the picture that many places before (negative) or after the frozen one. Needs the `history` attribute. */
  step(places) {
    this.#screen?.call("step", places);
  }

  /** The picture on the screen as the server sent it: `{ id, time, blob }`, or null. */
  async picture() {
    if (this.#fallback) return this.#snapshot().catch(() => null);
    const picture = await this.#screen?.picture();
    return picture ? { ...picture, blob: new Blob([picture.bytes], { type: "image/jpeg" }) } : null;
  }

  /** An `<img>` hands its picture out to nobody: the next best is the server's newest. */
  async #snapshot() {
    const answer = await fetch(this.#address("snapshot"), { cache: "no-store" });
    const number = (name) => Number(answer.headers.get(name)) || 0;
    return answer.ok ? { id: number("x-frame-id"), time: number("x-timestamp") * 1000, blob: await answer.blob() } : null;
  }

  /** One snapshot; settles when it is on the screen or has failed. Called in turn by the lane. */
  takeStill() {
    if (this.status?.online === false || this.isMissing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenStillDone = resolve;
      const address = this.#address("snapshot");
      this.#screen?.call("still", String(address));
      // An address that it has shown before it would show again without asking.
      if (this.#fallback) this.#fallback.src = `${address}?max_age=${Date.now() % 3_600_000}`;
    });
  }

  #endStill() {
    this.#whenStillDone?.();
    this.#whenStillDone = null;
  }

  /** Whether the browser has picture in picture for a canvas. */
  static get canLeave() {
    return Boolean(document.pictureInPictureEnabled) && "captureStream" in HTMLCanvasElement.prototype;
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

  // The screen. Without streams in fetch it is an `<img>`, which the browser paints and nobody can look into.

  #makeScreen() {
    if (Screen.isSupported) {
      this.#screen = new Screen((message) => this.#receive(message));
      this.#screen.call("keepHistory", this.hasAttribute("history"));
      this.#screen.canvas.setAttribute("role", "img");
    } else {
      this.#fallback = document.createElement("img");
      this.#fallback.addEventListener("load", () => {
        this.#takeSize(this.#fallback.naturalWidth, this.#fallback.naturalHeight);
        this.#endStill();
      });
      this.#fallback.addEventListener("error", () => {
        this.#receive({ type: "closed", cause: "network" });
        this.#endStill();
      });
    }
    const picture = this.#screen?.canvas ?? this.#fallback;
    picture.className = "picture";
    this.#stage.replaceChildren(picture);
    this.view.canvas = picture;
  }

  // It plays only while it is seen.

  #see(isInView) {
    this.#isInView = isInView;
    this.#reconsider();
  }

  #reconsider = () => {
    const isSeen = (!document.hidden && this.#isInView) || this.#isInPictureInPicture;
    const shouldPlay = this.isConnected && isSeen;
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
    this.#refusal = null;
    this.#outage = null;
    this.metrics.breakOff();
    this.#retry.reset();
    this.#feed.use(this);
    this.#refreshTimer = setInterval(() => this.#refresh(), refreshInterval);
    if (this.#wantsStills) this.#connect();
    else this.#streams.add(this);
    this.#refresh();
  }

  #pause() {
    this.#isActive = false;
    clearInterval(this.#refreshTimer);
    this.#feed.release(this);
    this.#disconnect();
    this.#streams.remove(this);
    this.#mayStream = null;
    this.#refresh();
  }

  // The connection.

  #address(kind) {
    const address = new URL(`${kind}/${this.camera}`, this.base);
    const fps = Number(this.getAttribute("fps"));
    if (kind === "video" && fps > 0) address.searchParams.set("fps", fps);
    return address;
  }

  /** Called when the page's connections are shared anew. */
  allowStream(isAllowed) {
    if (isAllowed === this.#mayStream) return;
    if (this.#mayStream !== null) this.#disconnect();
    this.#mayStream = isAllowed;
    this.#connect();
    this.dispatchEvent(new CustomEvent("state", { detail: this.condition }));
  }

  #disconnect() {
    this.#isOpen = false;
    this.#retry.cancel();
    this.#lane.remove(this);
    this.#screen?.call("stop");
    this.#fallback?.removeAttribute("src");
  }

  #connect() {
    if (this.isStill) {
      this.#lane.add(this);
      return;
    }
    this.#isOpen = true;
    const address = this.#address("video");
    if (this.#fallback) {
      address.searchParams.set("advance_headers", 1);
      this.#fallback.src = address;
    } else {
      this.#screen.call("play", String(address));
    }
  }

  #connectNow = () => {
    if (!this.#mayStream || this.#isOpen) return;
    this.#retry.reset();
    this.#retry.now();
  };

  #onStatus = ({ detail }) => {
    if (detail.isReturn) this.#connectNow();
    if (this.status && this.#refusal?.status === 404) this.#refusal = null;
    if (this.#fallback) this.#readFallback();
    this.#refresh();
    if (this.isMissing && this.#mayStream) this.#streams.share();
  };

  #receive(message) {
    switch (message.type) {
      case "open":
        this.#refusal = null;
        break;
      case "frame":
        this.#takeFrame(message);
        break;
      case "outage":
        this.#outage = { at: now(), reason: message.reason };
        this.#refresh();
        break;
      case "frozen":
        this.frozen = message.isFrozen ? message : null;
        // A picture that was on its way may have come after all, and those to step to may have other sizes.
        if (message.width) this.#takeSize(message.width, message.height);
        if (this.frozen?.id) this.frame = { id: message.id, time: message.time, delay: null };
        this.metrics.breakOff();
        this.#refresh();
        this.dispatchEvent(new CustomEvent("state", { detail: this.condition }));
        break;
      case "closed":
        this.#takeClosing(message);
        break;
      case "stillDone":
        this.#endStill();
        break;
      default:
        break;
    }
  }

  #takeClosing({ cause, status, error, message, retryAfter }) {
    if (!this.#isActive) return;
    this.#isOpen = false;
    this.#refusal = cause === "refused" ? { status, error, message } : null;
    this.metrics.breakOff();
    if (!this.isStill) {
      this.metrics.reconnects += 1;
      this.#retry.later((retryAfter ?? 0) * 1000);
      if (cause !== "refused") this.#feed.pollNow();
    }
    this.#refresh();
  }

  // Pictures.

  #takeFrame(message) {
    const { id, time, at, width, height } = message;
    this.#takeSize(width, height);
    if (!this.#isActive) return;
    this.#retry.reset();
    this.#refusal = null;
    this.#outage = null;
    this.#isDoubted = false;
    this.#pictureAt = at;
    this.frame = { id, time, delay: this.#ageAt(at, time) };
    this.metrics.add(message, this.frame.delay);
    if (!["live", "late"].includes(this.condition.state)) this.#refresh();
  }

  #takeSize(width, height) {
    this.size = { width, height };
    this.view.size = this.size;
    this.#stage.classList.add("filled");
  }

  /** An `<img>` tells nothing of its frames; the server's word has to do. */
  #readFallback() {
    const { status } = this;
    if (!status?.online || status.frame_id === this.frame?.id) return;
    this.#pictureAt = now();
    this.frame = { id: status.frame_id, time: 0, delay: null };
  }

  /** The picture's time is on its camera's clock; a relay tells how far that is from its own. */
  #ageAt(at, time) {
    const offset = this.#feed.clockOffset;
    const cameraOffset = this.status?.clock_offset_ms ?? 0;
    return time && offset !== null ? Math.max(0, at + offset + cameraOffset - time) : null;
  }

  // What a person sees of it.

  #refresh() {
    if (this.#isActive && this.#pictureAt && !this.#isDoubted && now() - this.#pictureAt > Math.max(silence, 3 * (this.metrics.interval ?? 0))) {
      this.#isDoubted = true;
      this.#feed.doubt();
    }
    const condition = conditionOf({
      now: now(),
      openedAt: this.#openedAt,
      isActive: this.#isActive,
      isFrozen: this.frozen !== null,
      pictureAt: this.#pictureAt,
      delay: this.metrics.delay,
      interval: this.metrics.interval,
      refusal: this.#refusal,
      outage: this.#outage,
      isStill: this.isStill,
      isReachable: this.#feed.isReachable,
      askedAt: this.#feed.askedAt,
      camera: this.status,
      isKnown: this.#feed.cameras.has(this.camera),
    });
    const isChange = ["state", "reason", "cameraState", "code"].some((key) => condition[key] !== this.condition[key]);
    this.condition = condition;
    if (isChange || condition.state === "late" || condition.state === "stalled") this.#showCondition();
    if (isChange) {
      this.dispatchEvent(new CustomEvent("state", { detail: condition }));
      if (this.#mayStream !== null) this.#streams.share();
    }
    this.dispatchEvent(new CustomEvent("measure"));
  }

  #showCondition = () => {
    this.setAttribute("state", this.condition.state);
    this.#stage.firstChild.setAttribute(this.#fallback ? "alt" : "aria-label", text("picture", { camera: this.camera }));
    this.#note.show(this.camera, this.condition, this.metrics.delay);
  };
}

if (!customElements.get("oriel-player")) customElements.define("oriel-player", OrielPlayer);
