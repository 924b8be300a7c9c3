// The bar below one camera, with its state, measurements and buttons.

import { Controls } from "./controls.js";
import { DetectorStatus, Detections } from "./detect.js";
import { actionsFor, canCopy, toggleFullScreen } from "./actions.js";
import { supportsPictureInPicture } from "./visibility.js";
import { Buttons } from "./buttons.js";
import { find, make, settings } from "./dom.js";
import { icon } from "./icons.js";
import { bandwidth, duration, text, timeOfDay } from "./strings.js";

const measureKeys = ["age", "rate", "bandwidth", "size"];
/** The actions that need a picture. */
const pictureActions = ["view", "rotate", "mirror", "pictureInPicture", "copy", "snapshot", "freeze", "detect"];

export class CameraBar {
  /** The actions of keys and buttons by name; empty on the wall. */
  actions = {};
  /** Resolves when the history entry of a closed panel is removed. */
  whenReturned = Promise.resolve();
  #player = null;
  #buttons;
  /** These are null until they are used for the first time. */
  #details = null;
  #chips = null;
  #zones = null;
  #controls = new Controls(find("controls"));
  #detections = new Detections();
  detector = new DetectorStatus(new URL(".", import.meta.url));
  #wantsDetails = settings.get("details") === "on";
  /** Whether boxes are wanted for one camera, and for the wall. */
  #wanted = { boxes: settings.get("boxes") === "on", wallBoxes: settings.get("wallBoxes") === "on" };
  #say;
  #onViewChange;
  #onBoxesChange;
  #hasPanel = false;
  #isSwitching = false;

  /**
   * `say(sentence)` shows a message. `onViewChange(player)` is called when the view changes, and `onBoxesChange(isOn,
   * isOnWall)` when boxes are switched on or off for one camera or for the wall.
   */
  constructor(say, onViewChange, onBoxesChange) {
    this.#say = say;
    this.#onViewChange = onViewChange;
    this.#onBoxesChange = onBoxesChange;
    const act = (name) => () => this.perform(name);
    this.#buttons = new Buttons(find("camera-tools"), [
      ["wall", () => (location.hash = "#/")], ["back", act("back")], ["freeze", act("freeze")], ["forth", act("forth")], null,
      ["view", act("view")], ["rotate", act("rotate")], ["mirror", act("mirror")], null,
      supportsPictureInPicture() && ["pictureInPicture", act("pictureInPicture")], canCopy() && ["copy", act("copy")],
      ["snapshot", act("snapshot")], ["detect", act("detect")], ["boxes", () => this.toggleBoxes()], ["zones", act("zones")], ["controls", act("controls")], ["details", () => this.toggleDetails()],
      document.fullscreenEnabled && ["fullScreen", toggleFullScreen],
    ]);
    document.addEventListener("fullscreenchange", () => this.#showButtons());
    this.#detections.addEventListener("change", () => {
      if (this.#detections.isOpen) this.#controls.close();
      this.#showPanels();
    });
    this.#controls.addEventListener("change", this.#showPanels);
    this.detector.addEventListener("change", () => {
      this.#applyBoxes();
      this.#showButtons();
    });
  }

  get player() {
    return this.#player;
  }

  /** The current camera's player; null hides the bar. */
  set player(player) {
    find("bottom").hidden = player === null;
    if (player === this.#player) return;
    this.#listen("removeEventListener");
    this.#isSwitching = true;
    this.#player = player;
    this.actions = player ? { ...actionsFor(player, this.#say), detect: () => this.#detect(), controls: () => this.#toggleControls(), zones: () => this.#toggleZones() } : {};
    this.#detections.player = player;
    this.#controls.player = player;
    this.#listen("addEventListener");
    this.#showDetails();
    this.#showChips();
    this.#showOutlines();
    this.#trackPanels();
    this.#isSwitching = false;
    this.#showState();
  }

  #listen(how) {
    this.#player?.[how]("measure", this.#showMeasures);
    this.#player?.[how]("state", this.#showState);
    this.#player?.view[how]("change", this.#onChange);
  }

  #onChange = () => {
    this.#onViewChange(this.#player);
    this.#showButtons();
  };

  /** Returns whether `tool` ("controls", "events", "boxes", "zones" or "detect") is available. */
  offers(tool) {
    if (tool === "events") return Boolean(this.detector.current?.hasJournal);
    if (tool === "zones") return Boolean(this.#player && this.detector.areasOf(this.#player.camera));
    if (tool === "boxes") return this.detector.current !== null && this.detector.liveReason === "";
    return tool === "controls" ? this.#controls.isOffered : this.detector.reason === "";
  }

  /** Performs an action, unless it needs a picture and there is none. */
  perform(name) {
    if (pictureActions.includes(name) && name !== "snapshot" && !this.#player?.hasPicture) return;
    this.actions[name]?.();
  }

  toggleDetails() {
    if (!this.#player) return;
    this.#wantsDetails = !this.#wantsDetails;
    this.#showDetails();
    if (this.#wantsDetails) {
      this.#controls.close();
      this.#zones?.close();
    }
    settings.set("details", this.#wantsDetails ? "on" : "off");
    this.#pushPanel();
    this.#trackPanels();
    this.#showButtons();
  }

  async #showDetails() {
    if (!this.#details && !this.#wantsDetails) return;
    const { Details } = await import("./details.js");
    this.#details ??= new Details(find("details"));
    this.#details.player = this.#wantsDetails ? this.#player : null;
  }

  /** Shows the numbers of objects in a picture with boxes. */
  async #showChips() {
    const isWanted = () => this.#player?.hasAttribute("boxes");
    if (!this.#chips && !isWanted()) return;
    const { Chips } = await import("./chips.js");
    this.#chips ??= new Chips();
    this.#chips.player = isWanted() ? this.#player : null;
  }

  /** Shows the outlines of areas in a picture with boxes, if the user wants this. */
  #showOutlines() {
    if (this.#zones) this.#zones.player = this.#player;
    else if (settings.get("outlines") === "on" && this.#player?.hasAttribute("boxes")) this.#loadZones();
  }

  async #loadZones() {
    const { Zones } = await import("./zones.js");
    if (!this.#zones) {
      this.#zones = new Zones(this.detector);
      this.#zones.addEventListener("change", this.#showPanels);
    }
    this.#zones.player = this.#player;
  }

  get #isPanelOpen() {
    return this.#player !== null && (this.#wantsDetails || this.#controls.isOpen || this.#detections.isOpen || this.#zones?.isOpen);
  }

  /** Adds a history entry for an open panel, so that the browser's Back button closes it. */
  #pushPanel() {
    if (!this.#isPanelOpen) return;
    if (!history.state?.panel) history.pushState({ panel: true }, "");
    this.#hasPanel = true;
  }

  #showPanels = () => {
    this.#trackPanels();
    this.#showButtons();
  };

  /** After a panel was closed without the Back button, removes its history entry. */
  #trackPanels() {
    const hadPanel = this.#hasPanel;
    this.#hasPanel = this.#isPanelOpen;
    if (!hadPanel || this.#hasPanel || this.#isSwitching || !history.state?.panel) return;
    this.whenReturned = new Promise((resolve) => addEventListener("popstate", resolve, { once: true }));
    history.back();
  }

  // The panels are in the same place, so opening one closes the others.
  #toggleControls() {
    if (!this.#controls.isOffered) return;
    const { isOpen } = this.#controls;
    this.#controls.toggle();
    if (!isOpen && this.#wantsDetails) this.toggleDetails();
    if (!isOpen && this.#detections.isOpen) this.#detections.leave();
    if (!isOpen) this.#zones?.close();
    this.#pushPanel();
  }

  async #toggleZones() {
    if (!this.#zones?.isOpen && !(this.offers("zones") && this.#player.hasPicture)) return;
    await this.#loadZones();
    if (!this.#zones.isOpen) {
      // The history entry of the panel that is closed now is that of the panel that opens.
      this.#isSwitching = true;
      if (this.#detections.isOpen) this.#detections.leave();
      if (this.#wantsDetails) this.toggleDetails();
      this.#controls.close();
      this.#isSwitching = false;
    }
    this.#zones.toggle();
    this.#pushPanel();
  }

  /** Detects objects in the picture, or shows why this is impossible. */
  #detect() {
    if (this.detector.reason && !this.#detections.isOpen) {
      this.#say(this.detector.reason);
      return;
    }
    this.#isSwitching = true;
    this.#zones?.close();
    this.#isSwitching = false;
    this.#detections.toggle();
    this.#pushPanel();
  }

  /** Shows or hides the objects that are detected in real time, for one camera or for the wall. */
  toggleBoxes() {
    if (this.detector.liveReason) {
      this.#say(this.detector.liveReason);
      return;
    }
    const name = this.#player ? "boxes" : "wallBoxes";
    this.#wanted[name] = !this.#wanted[name];
    settings.set(name, this.#wanted[name] ? "on" : "off");
    this.#applyBoxes();
    this.#showButtons();
  }

  #applyBoxes() {
    const isPossible = this.offers("boxes");
    this.#onBoxesChange(isPossible && this.#wanted.boxes, isPossible && this.#wanted.wallBoxes);
    this.#showChips();
    this.#showOutlines();
  }

  /** Closes the open panel; returns false if none is open. */
  leavePanel() {
    if (this.#detections.isOpen) this.#detections.leave();
    else if (this.#zones?.isOpen) this.#zones.leave();
    else if (this.#controls.isOpen) this.#controls.close();
    else if (this.#player && this.#wantsDetails) this.toggleDetails();
    else return false;
    return true;
  }

  rebuild() {
    this.#detections.rebuild();
    this.#controls.rebuild();
    find("measures").replaceChildren(...measureKeys.map((key) => make("div", { className: key, title: text(key) },
      make("dt", { textContent: text(key) }), make("dd"))));
    this.#details?.rebuild();
    this.#showState();
  }

  #showState = () => {
    if (!this.#player) return;
    const { state, trouble } = this.#player.condition;
    find("state").dataset.state = trouble ?? state;
    find("state").replaceChildren(icon(trouble ?? state), [state, trouble].filter(Boolean).map((key) => text(key)).join(" · "));
    this.#showButtons();
    this.#showMeasures();
  };

  #showMeasures = () => {
    const { metrics, size, age, condition, frozen } = this.#player;
    const isPlaying = condition.state === "live" || condition.state === "late";
    const values = {
      age: frozen?.time ? timeOfDay(frozen.time) : isPlaying && age !== null ? duration(age) : "",
      rate: isPlaying && metrics.rate !== null ? text("fps", { value: metrics.rate.toFixed(metrics.rate < 9.95 ? 1 : 0) }) : "",
      bandwidth: isPlaying && metrics.bitsPerSecond !== null ? bandwidth(metrics.bitsPerSecond) : "",
      size: isPlaying && size.width ? `${size.width} × ${size.height}` : "",
    };
    for (const [key, value] of Object.entries(values)) {
      const field = find("measures").querySelector(`.${key} dd`);
      if (field && field.textContent !== value) field.textContent = value;
    }
    const word = find("measures").querySelector(".age dt");
    if (word) word.textContent = text(frozen?.time ? "taken" : "age");
  };

  #showButtons() {
    const buttons = this.#buttons;
    find("camera-tools").setAttribute("aria-label", text("picture", { camera: this.#player?.camera ?? "" }));
    for (const name of ["back", "forth", "rotate", "mirror", "pictureInPicture", "copy", "snapshot", "controls", "details"]) buttons.label(name, name);
    buttons.label("fullScreen", document.fullscreenElement ? "leaveFullScreen" : "fullScreen");
    if (!this.#player) return;
    const { view, frozen } = this.#player;
    buttons.label("wall", "allCameras", "wall");
    for (const name of pictureActions) buttons.offer(name, true, this.#player.hasPicture);
    buttons.offer("freeze", this.#player.canFreeze, this.#player.hasPicture);
    buttons.label("view", view.mode);
    buttons.label("freeze", frozen ? "unfreeze" : "freeze", frozen ? "play" : "freeze");
    buttons.press("freeze", frozen !== null);
    buttons.press("mirror", view.isMirrored);
    buttons.press("rotate", view.rotation !== 0);
    buttons.press("view", view.mode !== "fit");
    buttons.press("details", this.#wantsDetails);
    buttons.press("controls", this.#controls.isOpen);
    buttons.offer("controls", this.#controls.isOffered, true);
    buttons.label("zones", "zones");
    buttons.press("zones", Boolean(this.#zones?.isOpen));
    buttons.offer("zones", this.offers("zones"), this.#player.hasPicture);
    buttons.label("detect", this.#detections.isOpen ? "detect.leave" : "detect", "detect");
    buttons.press("detect", this.#detections.isOpen);
    buttons.grey("detect", this.#detections.isOpen ? "" : this.detector.reason);
    buttons.label("boxes", "boxes");
    buttons.press("boxes", this.#player.hasAttribute("boxes"));
    buttons.grey("boxes", this.detector.liveReason);
    buttons.offer("back", frozen !== null, frozen?.before > 0);
    buttons.offer("forth", frozen !== null, frozen?.after > 0);
  }
}
