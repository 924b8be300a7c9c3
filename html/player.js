// <oriel-player> shows a camera's live picture and its state.
//
//   <script type="module" src="http://SERVER:8000/player.js"></script>
//   <oriel-player camera="main"></oriel-player>
//
// Attributes:
//   camera    the camera's name
//   server    the server's address (default: the origin of this file)
//   mode      "live" (snapshots if no connection is free), or "stills" for one snapshot per second
//   fps       the maximum frame rate to request
//   zoomable  lets the user zoom
//   boxes     draws the objects that the server detects
//   omit      the classes of objects that are not drawn, separated by commas
//   history   keeps the last seconds for `step`
//   quiet     no announcements to screen readers
//
// Events: "state" when `condition` changes, and "measure" four times per second while playing.

import { Observations, conditionOf } from "./condition.js";
import { make } from "./dom.js";
import { ImageScreen } from "./image-screen.js";
import { Connection } from "./connection.js";
import { Metrics } from "./metrics.js";
import { Note } from "./note.js";
import { now } from "./engine.js";
import { Visibility } from "./visibility.js";
import { Screen } from "./screen.js";
import { StatusFeed } from "./status.js";
import { language, text } from "./strings.js";
import { View, addGestures } from "./view.js";
import { sheet } from "./player-style.js";

const refreshInterval = 250;
/** After this many milliseconds, a frozen stream is closed. */
const frozenTimeout = 2_000;
/** Milliseconds between checks whether the detector is back. */
const detectorInterval = 3_000;

export class OrielPlayer extends HTMLElement {
  static observedAttributes = ["camera", "server", "mode", "fps", "boxes", "omit", "history", "quiet"];

  /** The result of `conditionOf`. */
  condition = { state: "connecting" };
  metrics = new Metrics();
  /** The picture's size in pixels; 0 × 0 before the first picture. */
  size = { width: 0, height: 0 };
  /** The newest picture on the screen, `{ id, time, objects, delay }`, or null. `objects` is from `drawBoxes`. */
  frame = null;
  /** The frozen picture, `{ id, time, before, after }`, or null. `before` and `after` count steps back and forth. */
  frozen = null;
  /** Whether the picture is to be frozen. `frozen` follows a moment later. */
  wantsFrozen = false;
  view;

  #stage = make("div", { className: "stage" });
  #note = new Note();
  #screen = null;
  #connection = null;
  #feed = null;
  #observations = new Observations();
  /** The player plays only while it is visible. */
  #isActive = false;
  #visibility = new Visibility(this, (isVisible) => (isVisible ? this.#play() : this.#pause()));
  #refreshTimer = 0;
  #frozenTimer = 0;
  /** Set while the detector does not respond and the plain pictures are shown. */
  #detectorTimer = 0;
  /** The scale of the view for which boxes were drawn. */
  #boxScale = 1;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(this.#stage, this.#note.element, this.#note.announcement);
    this.view = new View(this.#stage);
    addGestures(this.#stage, this.view, () => this.hasAttribute("zoomable"));
    this.view.addEventListener("layout", () => {
      if (this.showsBoxes && Math.abs(this.view.scale / this.#boxScale - 1) > 0.1) this.#drawBoxes();
    });
  }

  get camera() {
    return this.getAttribute("camera") || "main";
  }

  get base() {
    return new URL(this.getAttribute("server") || ".", this.hasAttribute("server") ? location.href : import.meta.url);
  }

  /** Returns the address of the "video" or "snapshot". */
  address(kind) {
    const path = this.showsBoxes ? { video: "detect_stream", snapshot: "detect_snapshot" }[kind] : kind;
    const address = new URL(`${path}/${this.camera}`, this.base);
    if (this.showsBoxes) address.searchParams.set("boxes", this.canFreeze ? "data" : "drawn");
    const fps = Number(this.getAttribute("fps"));
    if (kind === "video" && fps > 0) address.searchParams.set("fps", fps);
    return address;
  }

  /** Whether detected objects are shown, which requires that the detector responds. */
  get showsBoxes() {
    return this.hasAttribute("boxes") && !this.#detectorTimer;
  }

  get usesSnapshots() {
    return this.#connection?.usesSnapshots ?? false;
  }

  /** Whether the server has no such camera. The player then waits until the status contains it. */
  get isMissing() {
    return this.condition.state === "missing" && this.#feed.askedAt > 0;
  }

  /** Whether there is a picture to view, save or freeze. */
  get hasPicture() {
    return this.size.width > 0 && !["missing", "refused"].includes(this.condition.state);
  }

  /** Whether the picture can be frozen, which is not possible in an `<img>`. */
  get canFreeze() {
    return this.#screen?.canFreeze ?? true;
  }

  /** The server's last status of this camera, or undefined. */
  get status() {
    return this.#feed?.cameras.get(this.camera);
  }

  /** The current age of the picture on the screen in milliseconds; null if unknown. */
  get age() {
    if (!this.frame?.time) return null;
    const isFlowing = !this.usesSnapshots && now() - this.#observations.pictureAt < 1.5 * (this.metrics.interval ?? 0);
    return isFlowing && this.metrics.delay !== null ? this.metrics.delay : this.#feed.ageAt(now(), this.frame.time, this.camera);
  }

  connectedCallback() {
    this.#feed = StatusFeed.of(this.base);
    this.#listen("addEventListener");
    this.#screen = new (Screen.isSupported ? Screen : ImageScreen)((message) => this.#receive(message));
    this.#screen.call("keepHistory", this.hasAttribute("history"));
    this.#drawBoxes();
    this.#connection = new Connection(this, this.#screen);
    const element = Object.assign(this.#screen.element, { className: "picture", role: "img" });
    this.#stage.replaceChildren(element);
    this.view.canvas = element;
    this.#showCondition();
    this.#visibility.watch();
  }

  disconnectedCallback() {
    this.#visibility.unwatch();
    this.#listen("removeEventListener");
    clearTimeout(this.#detectorTimer);
    this.#detectorTimer = 0;
    this.#screen?.close();
    this.#connection?.endSnapshot();
    this.#screen = this.#connection = null;
    this.#stage.replaceChildren();
  }

  #listen(how) {
    this.#feed[how]("status", this.#onStatus);
    window[how]("online", this.#openNow);
    language[how]("change", this.#showCondition);
    language[how]("change", this.#drawBoxes);
  }

  #drawBoxes = () => {
    const { scale } = this.view;
    this.#boxScale = scale;
    const options = { names: language.names?.labels ?? {}, omitted: (this.getAttribute("omit") ?? "").split(","), scale: Math.max(1, 1 / scale) };
    this.#screen?.call("showBoxes", this.showsBoxes ? options : null);
  };

  attributeChangedCallback(name, before, after) {
    if (before === after || !this.isConnected) return;
    if (name === "history") {
      this.#screen?.call("keepHistory", this.hasAttribute("history"));
    } else if (name === "quiet") {
      this.#showCondition();
    } else if (name === "omit") {
      this.#drawBoxes();
    } else if (name === "server") {
      this.disconnectedCallback();
      this.connectedCallback();
    } else {
      if (name === "boxes") this.#setBoxes();
      if (!this.#isActive) return;
      this.#pause();
      this.#play();
    }
  }

  #setBoxes() {
    clearTimeout(this.#detectorTimer);
    this.#detectorTimer = 0;
    this.#drawBoxes();
  }

  /** Shows the plain pictures until the detector responds. */
  #leaveDetector() {
    const check = async () => {
      if (!this.#detectorTimer) return;
      // While nothing is shown, the detector is not asked.
      if (!this.#isActive || this.frozen) {
        this.#detectorTimer = setTimeout(check, detectorInterval);
        return;
      }
      const address = new URL(`detect_objects/${this.camera}?max_age=1000`, this.base);
      const isBack = await fetch(address, { cache: "no-store" }).then((answer) => answer.ok).catch(() => false);
      if (!this.#detectorTimer) return;
      this.#detectorTimer = isBack ? 0 : setTimeout(check, detectorInterval);
      if (isBack) this.#reopen();
    };
    this.#detectorTimer = setTimeout(check, detectorInterval);
    this.#reopen();
  }

  #reopen() {
    this.#drawBoxes();
    // After a long freeze, the stream is closed, and opened again after the freeze.
    if (!this.#isActive || (this.frozen && !this.#frozenTimer)) return;
    this.#connection.end();
    this.#connection.start();
  }

  // Public methods.

  /** Freezes the picture, or goes back to live. */
  freeze(isOn) {
    this.wantsFrozen = isOn;
    this.#screen?.call("freeze", isOn);
  }

  /** Shows a later frame, or an earlier one if `places` is negative. Requires the attribute `history`. */
  step(places) {
    this.#screen?.call("step", places);
  }

  /** Returns the JPEG on the screen as `{ id, time, blob }`, or null. */
  async picture() {
    const picture = await this.#screen?.picture(this.address("snapshot"));
    return picture ? { ...picture, blob: new Blob([picture.bytes], { type: "image/jpeg" }) } : null;
  }

  /** Browsers allow this only after a user gesture. */
  async togglePictureInPicture() {
    await this.#visibility.toggleWindow(this.#screen.element);
  }

  #play() {
    this.#isActive = true;
    this.#observations = new Observations();
    this.metrics.restart();
    this.#feed.use(this);
    this.#refreshTimer = setInterval(() => this.#refresh(), refreshInterval);
    if (!this.frozen) this.#connection.start();
    this.#refresh();
  }

  #pause() {
    this.#isActive = false;
    clearInterval(this.#refreshTimer);
    clearTimeout(this.#frozenTimer);
    this.#frozenTimer = 0;
    this.#feed.release(this);
    this.#connection.end();
    this.#refresh();
  }

  #openNow = () => this.#connection.openNow();

  // Events from the server and from the screen.

  #onStatus = ({ detail }) => {
    if (detail.isReturn) this.#openNow();
    if (this.status && this.#observations.refusal?.status === 404) this.#observations.refusal = null;
    if (!this.canFreeze) this.#takeFrameFromStatus();
    this.#refresh();
    if (this.isMissing && !this.usesSnapshots) this.#connection.assign();
  };

  #receive(message) {
    switch (message.type) {
      case "open":
        this.#observations.refusal = null;
        break;
      case "frame":
        this.#takeFrame(message);
        break;
      case "objects":
        if (this.frame) this.frame.objects = message.objects;
        break;
      case "size":
        this.#takeSize(message);
        break;
      case "outage":
        if (this.showsBoxes && this.status?.online) {
          this.#leaveDetector();
          break;
        }
        this.#observations.outage = message;
        this.#refresh();
        break;
      case "frozen":
        this.#takeFreeze(this.frozen !== null, message.isFrozen);
        this.frozen = message.isFrozen ? message : null;
        // Frames in the history may have a different size.
        if (message.width) this.#takeSize(message);
        if (this.frozen?.id) this.frame = { id: message.id, time: message.time, objects: message.objects, delay: null };
        this.metrics.restart();
        this.#refresh();
        this.fireState();
        break;
      case "closed":
        this.#takeClosing(message);
        break;
      case "snapshotDone":
        this.#connection?.endSnapshot();
        break;
      default:
        break;
    }
  }

  /** Closes a stream that has been frozen for a while, and opens it again after the freeze. */
  #takeFreeze(wasFrozen, isFrozen) {
    if (wasFrozen === isFrozen || !this.#isActive) return;
    clearTimeout(this.#frozenTimer);
    if (isFrozen) {
      this.#frozenTimer = setTimeout(() => {
        this.#frozenTimer = 0;
        this.#connection?.end();
        // Now only the status says whether the camera is online.
        this.#observations.outage = null;
        this.#refresh();
      }, frozenTimeout);
      return;
    }
    this.#observations = new Observations();
    if (!this.#frozenTimer) this.#connection?.start();
    this.#frozenTimer = 0;
  }

  #takeClosing({ cause, status, error, message, retryAfter }) {
    if (!this.#isActive) return;
    // Another refusal, such as that of a full server, would also apply to the plain pictures.
    const isDetectorGone = [404, 502, 504].includes(status) || error === "camera_offline";
    if (cause === "refused" && isDetectorGone && this.showsBoxes && this.status?.online) {
      this.#leaveDetector();
      return;
    }
    this.#observations.refusal = cause === "refused" ? { status, error, message } : null;
    this.metrics.restart();
    this.#connection.lost((retryAfter ?? 0) * 1000);
    if (!this.usesSnapshots) {
      this.metrics.reconnects += 1;
      if (cause !== "refused") this.#feed.pollNow();
    }
    this.#refresh();
  }

  #takeFrame(message) {
    const { id, time, at } = message;
    this.#takeSize(message);
    if (!this.#isActive) return;
    this.#connection.succeeded();
    this.#observations.takePicture(at);
    this.frame = { id, time, objects: message.objects, delay: this.#feed.ageAt(at, time, this.camera) };
    this.metrics.add(message, this.frame.delay);
    if (!["live", "late"].includes(this.condition.state)) this.#refresh();
  }

  #takeSize({ width, height }) {
    this.size = { width, height };
    this.view.size = this.size;
    this.#stage.classList.add("filled");
  }

  /** Uses the frame in the status, because scripts cannot read an `<img>`. */
  #takeFrameFromStatus() {
    const { status } = this;
    if (!status?.online || status.frame_id === this.frame?.id) return;
    this.#observations.pictureAt = now();
    this.frame = { id: status.frame_id, time: 0, delay: null };
  }

  #refresh() {
    if (this.#isActive && this.#observations.startsDoubt(this.metrics.interval)) this.#feed.doubt();
    const condition = conditionOf({
      ...this.#observations,
      now: now(),
      isActive: this.#isActive,
      isFrozen: this.frozen !== null,
      delay: this.metrics.delay,
      interval: this.metrics.interval,
      usesSnapshots: this.usesSnapshots,
      isReachable: this.#feed.isReachable,
      askedAt: this.#feed.askedAt,
      camera: this.status,
      isKnown: this.#feed.cameras.has(this.camera),
    });
    const isChange = ["state", "reason", "cameraState", "code", "trouble"].some((key) => condition[key] !== this.condition[key]);
    this.condition = condition;
    if (isChange || condition.state === "late" || condition.state === "stalled") this.#showCondition();
    if (isChange) {
      this.fireState();
      this.#connection?.assign();
    }
    this.dispatchEvent(new CustomEvent("measure"));
  }

  fireState() {
    this.dispatchEvent(new CustomEvent("state", { detail: this.condition }));
  }

  #showCondition = () => {
    this.setAttribute("state", this.condition.state);
    this.#screen.element.ariaLabel = text("picture", { camera: this.camera });
    this.#note.show(this.camera, this.condition, this.metrics.delay, this.hasAttribute("quiet"));
  };
}

if (!customElements.get("oriel-player")) customElements.define("oriel-player", OrielPlayer);
