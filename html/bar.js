// The bar under one camera: its state, its measures and its buttons.

import { Controls } from "./controls.js";
import { Details } from "./details.js";
import { DetectorStatus, Finds } from "./detect.js";
import { actionsFor, canCopy, toggleFullScreen } from "./actions.js";
import { canLeave } from "./presence.js";
import { Buttons } from "./buttons.js";
import { find, make, memory } from "./dom.js";
import { icon } from "./icons.js";
import { bandwidth, duration, text, timeOfDay } from "./strings.js";

const measureKeys = ["age", "rate", "bandwidth", "size"];

export class CameraBar {
  /** What keys and buttons can do with the camera shown; empty without one. */
  actions = {};
  #player = null;
  #buttons;
  #details = new Details(find("details"));
  #controls = new Controls(find("controls"));
  #finds = new Finds();
  #detector = new DetectorStatus(new URL(".", import.meta.url));
  #wantsDetails = memory.get("details") === "on";
  #say;
  #onViewChange;

  /** `say(sentence)`; `onViewChange(player)` hears of zoom, rotation and so on. */
  constructor(say, onViewChange) {
    this.#say = say;
    this.#onViewChange = onViewChange;
    const act = (name) => () => this.actions[name]?.();
    this.#buttons = new Buttons(find("camera-tools"), [
      ["wall", () => (location.hash = "#/")], ["back", act("back")], ["freeze", act("freeze")], ["forth", act("forth")], null,
      ["view", act("view")], ["rotate", act("rotate")], ["mirror", act("mirror")], null,
      canLeave() && ["pictureInPicture", act("pictureInPicture")], canCopy() && ["copy", act("copy")],
      ["snapshot", act("snapshot")], ["detect", act("detect")], ["controls", act("controls")], ["details", () => this.toggleDetails()],
      document.fullscreenEnabled && ["fullScreen", toggleFullScreen],
    ]);
    document.addEventListener("fullscreenchange", () => this.#showButtons());
    this.#finds.addEventListener("change", () => {
      if (this.#finds.isOpen) this.#controls.close();
      this.#showButtons();
    });
    this.#controls.addEventListener("change", () => this.#showButtons());
    this.#detector.addEventListener("change", () => this.#showButtons());
  }

  get player() {
    return this.#player;
  }

  /** The player that the bar belongs to; null hides it. */
  set player(player) {
    find("bottom").hidden = player === null;
    if (player === this.#player) return;
    this.#listen("removeEventListener");
    this.#player = player;
    this.actions = player ? { ...actionsFor(player, this.#say), detect: () => this.#detect(), controls: () => this.#toggleControls() } : {};
    this.#finds.player = player;
    this.#controls.player = player;
    this.#listen("addEventListener");
    this.#details.player = player && this.#wantsDetails ? player : null;
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

  /** Whether "controls" or "detect" is of use with the camera shown. */
  offers(tool) {
    return tool === "controls" ? this.#controls.isOffered : this.#detector.reason === "";
  }

  toggleDetails() {
    if (!this.#player) return;
    this.#wantsDetails = !this.#wantsDetails;
    if (this.#wantsDetails) this.#controls.close();
    memory.set("details", this.#wantsDetails ? "on" : "off");
    this.#details.player = this.#wantsDetails ? this.#player : null;
    this.#showButtons();
  }

  // They lie beside the picture in one place: what is opened closes the other.
  #toggleControls() {
    if (!this.#controls.isOffered) return;
    if (!this.#controls.isOpen && this.#wantsDetails) this.toggleDetails();
    if (!this.#controls.isOpen && this.#finds.isOpen) this.#finds.leave();
    this.#controls.toggle();
  }

  /** Finds what is in the picture, or says why that cannot be. */
  #detect() {
    if (this.#detector.reason && !this.#finds.isOpen) this.#say(this.#detector.reason);
    else this.#finds.toggle();
  }

  /** Closes what was found, or the camera's controls; false when neither is open. */
  leavePanel() {
    if (this.#finds.isOpen) this.#finds.leave();
    else if (this.#controls.isOpen) this.#controls.close();
    else return false;
    return true;
  }

  /** After a change of language or theme. */
  rebuild() {
    this.#finds.rebuild();
    this.#controls.rebuild();
    find("measures").replaceChildren(...measureKeys.map((key) => make("div", { className: key, title: text(key) },
      make("dt", { textContent: text(key) }), make("dd"))));
    this.#details.rebuild();
    this.#showState();
  }

  #showState = () => {
    if (!this.#player) return;
    const { state } = this.#player.condition;
    find("state").dataset.state = state;
    find("state").replaceChildren(icon(state), text(state));
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
    buttons.offer("freeze", this.#player.canFreeze, true);
    buttons.label("view", view.mode);
    buttons.label("freeze", frozen ? "unfreeze" : "freeze", frozen ? "play" : "freeze");
    buttons.press("freeze", frozen !== null);
    buttons.press("mirror", view.isMirrored);
    buttons.press("rotate", view.rotation !== 0);
    buttons.press("view", view.mode !== "fit");
    buttons.press("details", this.#wantsDetails);
    buttons.press("controls", this.#controls.isOpen);
    buttons.offer("controls", this.#controls.isOffered, true);
    buttons.label("detect", this.#finds.isOpen ? "detect.leave" : "detect", "detect");
    buttons.press("detect", this.#finds.isOpen);
    buttons.grey("detect", this.#finds.isOpen ? "" : this.#detector.reason);
    buttons.offer("back", frozen !== null, frozen?.before > 0);
    buttons.offer("forth", frozen !== null, frozen?.after > 0);
  }
}
