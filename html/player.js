// <oriel-player camera="main">: a live picture that says how it is.
//
//   <script type="module" src="http://SERVER:8000/player.js"></script>
//   <oriel-player camera="main"></oriel-player>
//
// Attributes: camera; server (the server's address, else where this file came from); mode ("live", or "stills" for
// snapshots once a second or slower, which those get too for whom there is no connection left); fps (the most pictures
// a second to ask for); zoomable; history.
// Events: "state" when `condition` changes, "measure" four times a second while it plays.

import { Sight, conditionOf } from "./condition.js";
import { make } from "./dom.js";
import { ImageScreen } from "./image-screen.js";
import { Line } from "./line.js";
import { Metrics } from "./metrics.js";
import { Note } from "./note.js";
import { now } from "./engine.js";
import { Presence } from "./presence.js";
import { Screen } from "./screen.js";
import { StatusFeed } from "./status.js";
import { language, text } from "./strings.js";
import { View, addGestures } from "./view.js";
import { sheet } from "./player-style.js";

const refreshInterval = 250;

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

  #stage = make("div", { className: "stage" });
  #note = new Note();
  #screen = null;
  #line = null;
  #feed = null;
  #sight = new Sight();
  /** It plays only while it is seen. */
  #isActive = false;
  #presence = new Presence(this, (isSeen) => (isSeen ? this.#play() : this.#pause()));
  #refreshTimer = 0;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
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

  /** `kind`: "video" or "snapshot". */
  address(kind) {
    const address = new URL(`${kind}/${this.camera}`, this.base);
    const fps = Number(this.getAttribute("fps"));
    if (kind === "video" && fps > 0) address.searchParams.set("fps", fps);
    return address;
  }

  /** Whether it shows snapshots instead of a stream. */
  get isStill() {
    return this.#line?.isStill ?? false;
  }

  /** Whether the server has no such camera; its status is awaited. */
  get isMissing() {
    return this.condition.state === "missing" && this.#feed.askedAt > 0;
  }

  /** Whether the picture can be frozen, which a plain `<img>` cannot. */
  get canFreeze() {
    return this.#screen?.canFreeze ?? true;
  }

  /** What the server last said of this camera; undefined before it did. */
  get status() {
    return this.#feed?.cameras.get(this.camera);
  }

  /** How old the picture on the screen is at this moment, in milliseconds; null when no clock is known. */
  get age() {
    if (!this.frame?.time) return null;
    const isFlowing = now() - this.#sight.pictureAt < 1.5 * (this.metrics.interval ?? 0);
    return isFlowing && this.metrics.delay !== null ? this.metrics.delay : this.#feed.ageAt(now(), this.frame.time, this.camera);
  }

  connectedCallback() {
    this.#feed = StatusFeed.of(this.base);
    this.#listen("addEventListener");
    this.#screen = new (Screen.isSupported ? Screen : ImageScreen)((message) => this.#receive(message));
    this.#screen.call("keepHistory", this.hasAttribute("history"));
    this.#line = new Line(this, this.#screen);
    const element = Object.assign(this.#screen.element, { className: "picture", role: "img" });
    this.#stage.replaceChildren(element);
    this.view.canvas = element;
    this.#showCondition();
    this.#presence.watch();
  }

  disconnectedCallback() {
    this.#presence.unwatch();
    this.#listen("removeEventListener");
    this.#screen?.close();
    this.#line?.endStill();
    this.#screen = this.#line = null;
    this.#stage.replaceChildren();
  }

  #listen(how) {
    this.#feed[how]("status", this.#onStatus);
    window[how]("online", this.#openNow);
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
      this.#play();
    }
  }

  // What others may ask of it.

  /** Keeps the picture on the screen, or goes on. */
  freeze(isOn) {
    this.#screen?.call("freeze", isOn);
  }

  /** Goes that many places back (negative) or forth from the frozen picture. Needs the `history` attribute. */
  step(places) {
    this.#screen?.call("step", places);
  }

  /** The picture on the screen as the server sent it: `{ id, time, blob }`, or null. */
  async picture() {
    const picture = await this.#screen?.picture(this.address("snapshot"));
    return picture ? { ...picture, blob: new Blob([picture.bytes], { type: "image/jpeg" }) } : null;
  }

  /** Needs a click. */
  async togglePictureInPicture() {
    await this.#presence.toggleWindow(this.#screen.element);
  }

  #play() {
    this.#isActive = true;
    this.#sight = new Sight();
    this.metrics.breakOff();
    this.#feed.use(this);
    this.#refreshTimer = setInterval(() => this.#refresh(), refreshInterval);
    this.#line.start();
    this.#refresh();
  }

  #pause() {
    this.#isActive = false;
    clearInterval(this.#refreshTimer);
    this.#feed.release(this);
    this.#line.end();
    this.#refresh();
  }

  #openNow = () => this.#line.openNow();

  // What it hears from the server and from the screen.

  #onStatus = ({ detail }) => {
    if (detail.isReturn) this.#openNow();
    if (this.status && this.#sight.refusal?.status === 404) this.#sight.refusal = null;
    if (!this.canFreeze) this.#believeStatus();
    this.#refresh();
    if (this.isMissing && !this.isStill) this.#line.share();
  };

  #receive(message) {
    switch (message.type) {
      case "open":
        this.#sight.refusal = null;
        break;
      case "frame":
        this.#takeFrame(message);
        break;
      case "size":
        this.#takeSize(message);
        break;
      case "outage":
        this.#sight.outage = message;
        this.#refresh();
        break;
      case "frozen":
        this.frozen = message.isFrozen ? message : null;
        // Those to step to may have other sizes.
        if (message.width) this.#takeSize(message);
        if (this.frozen?.id) this.frame = { id: message.id, time: message.time, delay: null };
        this.metrics.breakOff();
        this.#refresh();
        this.sayState();
        break;
      case "closed":
        this.#takeClosing(message);
        break;
      case "stillDone":
        this.#line?.endStill();
        break;
      default:
        break;
    }
  }

  #takeClosing({ cause, status, error, message, retryAfter }) {
    if (!this.#isActive) return;
    this.#sight.refusal = cause === "refused" ? { status, error, message } : null;
    this.metrics.breakOff();
    this.#line.lost((retryAfter ?? 0) * 1000);
    if (!this.isStill) {
      this.metrics.reconnects += 1;
      if (cause !== "refused") this.#feed.pollNow();
    }
    this.#refresh();
  }

  #takeFrame(message) {
    const { id, time, at } = message;
    this.#takeSize(message);
    if (!this.#isActive) return;
    this.#line.carries();
    this.#sight.takePicture(at);
    this.frame = { id, time, delay: this.#feed.ageAt(at, time, this.camera) };
    this.metrics.add(message, this.frame.delay);
    if (!["live", "late"].includes(this.condition.state)) this.#refresh();
  }

  #takeSize({ width, height }) {
    this.size = { width, height };
    this.view.size = this.size;
    this.#stage.classList.add("filled");
  }

  /** An `<img>` tells nothing of its frames; the server's word has to do. */
  #believeStatus() {
    const { status } = this;
    if (!status?.online || status.frame_id === this.frame?.id) return;
    this.#sight.pictureAt = now();
    this.frame = { id: status.frame_id, time: 0, delay: null };
  }

  #refresh() {
    if (this.#isActive && this.#sight.beginsToDoubt(this.metrics.interval)) this.#feed.doubt();
    const condition = conditionOf({
      ...this.#sight,
      now: now(),
      isActive: this.#isActive,
      isFrozen: this.frozen !== null,
      delay: this.metrics.delay,
      interval: this.metrics.interval,
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
      this.sayState();
      this.#line?.share();
    }
    this.dispatchEvent(new CustomEvent("measure"));
  }

  sayState() {
    this.dispatchEvent(new CustomEvent("state", { detail: this.condition }));
  }

  #showCondition = () => {
    this.setAttribute("state", this.condition.state);
    this.#screen.element.ariaLabel = text("picture", { camera: this.camera });
    this.#note.show(this.camera, this.condition, this.metrics.delay);
  };
}

if (!customElements.get("oriel-player")) customElements.define("oriel-player", OrielPlayer);
