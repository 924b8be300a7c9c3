// The panel in which the user draws zones, motion masks and ignored areas on the frozen picture of a camera. The server
// cannot store them, so the panel shows the lines for the configuration file.

import { AreaLayer } from "./area-layer.js";
import { areasIn, contains, copyOf, crossesItself, faultOf, freeName, kinds, linesOf, maximumCorners, maximumSeconds, minimumCorners, newArea } from "./areas.js";
import { Buttons } from "./buttons.js";
import { find, make, settings } from "./dom.js";
import { labelText } from "./names.js";
import { language, text } from "./strings.js";
import { zoneTexts } from "./zone-texts.js";

/** Milliseconds between requests for the detector's status while the panel is open, because the file may change. */
const followInterval = 3_000;
/** A pointer that moves further than this many pixels moves the picture, instead of setting a corner. */
const clickDistance = 6;
/** The first corners that the user adds without a pointer. */
const firstCorners = [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]];

language.add(zoneTexts);
const style = make("link", { rel: "stylesheet", href: new URL("zones.css", import.meta.url) });
document.head.append(style);
// Without its style sheet, nothing is shown.
await new Promise((resolve) => (style.onload = style.onerror = resolve));

export class Zones extends EventTarget {
  #detector;
  #player = null;
  #isOpen = false;
  #wasFrozen = false;
  #focusBefore = null;
  #timer = 0;
  #layer = null;
  /** The areas of each camera, with the user's changes. `saved` is a copy of what the server uses, or null. */
  #byCamera = new Map();
  #selected = null;
  #isDrawing = false;
  /** The index of the corner that was moved or focused last, or -1. */
  #current = -1;
  #press = null;
  #drag = null;
  #suppressesClick = false;

  #panel = make("aside", { className: "details zones", id: "zones", hidden: true });
  #title = make("h2");
  #close;
  #note = make("p", { className: "note" });
  #list = make("ul");
  #add = this.#button("new", () => this.#begin());
  #form = make("div", { className: "area", hidden: true });
  #hint = make("p", { className: "hint", id: "area-hint" });
  #tools = make("div", { className: "area-tools" });
  #kinds = make("fieldset", { className: "kinds" });
  #explanation = make("p", { className: "hint" });
  #name = make("input", { id: "area-name", type: "text", maxLength: 32, autocomplete: "off", spellcheck: false });
  #nameLabel = make("label", { htmlFor: "area-name" });
  #seconds = make("input", { id: "area-seconds", type: "number", min: 0, max: maximumSeconds, step: 0.1 });
  #secondsLabel = make("label", { htmlFor: "area-seconds" });
  #classes = make("fieldset", { className: "classes" });
  #fault = make("p", { className: "fault", id: "area-fault" });
  #outlines = make("input", { id: "outlines", type: "checkbox", checked: settings.get("outlines") === "on" });
  #outlinesLabel = make("label", { htmlFor: "outlines" });
  #result = make("div", { className: "result" });
  #linesLabel = make("label", { htmlFor: "area-lines" });
  #lines = make("textarea", { id: "area-lines", readOnly: true, spellcheck: false, wrap: "off" });
  #copy = this.#button("copy", () => this.#copyLines());
  #where = make("p", { className: "hint" });

  /** `detector` is the page's DetectorStatus. Fires "change" when the panel opens or closes. */
  constructor(detector) {
    super();
    this.#detector = detector;
    const place = make("div", { className: "tools" });
    this.#close = new Buttons(place, [["close", () => this.close()]]);
    this.#note.setAttribute("role", "status");
    this.#fault.setAttribute("role", "alert");
    this.#outlines.setAttribute("role", "switch");
    this.#name.setAttribute("aria-describedby", this.#fault.id);
    for (const name of ["undo", "finish", "addCorner", "removeCorner", "discard"]) this.#tools.append(this.#button(name, () => this.#perform(name)));
    this.#tools.querySelector("[data-area=addCorner]").setAttribute("aria-describedby", this.#hint.id);
    this.#form.append(this.#hint, this.#tools, this.#fault, this.#kinds, this.#explanation, make("p", { className: "field" }, this.#nameLabel, this.#name),
      make("p", { className: "field seconds" }, this.#secondsLabel, this.#seconds), this.#classes);
    this.#result.append(this.#linesLabel, this.#lines, this.#copy, this.#where);
    this.#panel.append(make("div", { className: "head" }, this.#title, place), this.#note, this.#list, this.#add, this.#form, this.#result,
      make("p", { className: "switch" }, this.#outlinesLabel, this.#outlines));
    this.#name.addEventListener("input", () => this.#change({ name: this.#name.value.trim() }));
    this.#seconds.addEventListener("input", () => this.#change({ seconds: this.#seconds.valueAsNumber }));
    this.#lines.addEventListener("focus", () => this.#lines.select());
    this.#outlines.addEventListener("change", () => settings.set("outlines", this.#outlines.checked ? "on" : "off"));
    find("details").before(this.#panel);
    language.addEventListener("change", () => this.#translate());
    this.#translate();
  }

  get isOpen() {
    return this.#isOpen;
  }

  /** The current camera's player. Changing it closes the panel. */
  set player(player) {
    if (player !== this.#player) {
      this.close();
      this.#removeLayer();
      this.#selected = null;
      this.#player = player;
    }
    this.update();
  }

  /** Takes over the areas in the detector's status, and shows or hides the outlines in a picture with boxes. */
  update() {
    const camera = this.#player && this.#detector.areasOf(this.#player.camera);
    if (camera) this.#takeAreas(areasIn(camera));
    else this.close();
    if (!this.#isOpen) {
      this.#removeLayer();
      if (camera && this.#outlines.checked && this.#player.hasAttribute("boxes")) {
        this.#layer = new AreaLayer(this.#player, true);
        this.#layer.show({ areas: areasIn(camera), selected: null, isDrawing: false, current: -1 });
      }
      return;
    }
    this.#show();
  }

  toggle() {
    if (this.#isOpen) this.close();
    else this.#open();
  }

  /** Cancels what the user draws, or closes the panel. */
  leave() {
    if (this.#isDrawing) this.#perform("discard");
    else this.close();
  }

  #open() {
    if (!this.#player.hasPicture) return;
    this.#isOpen = true;
    this.#focusBefore = document.activeElement;
    this.#wasFrozen = this.#player.wantsFrozen;
    this.#player.freeze(true);
    this.#removeLayer();
    this.#layer = new AreaLayer(this.#player, false);
    this.#listen("addEventListener");
    this.#panel.hidden = false;
    this.#say("");
    this.update();
    this.#add.focus({ preventScroll: true });
    this.#panel.scrollTop = 0;
    this.#timer = setInterval(() => document.hidden || this.#detector.poll(), followInterval);
    this.dispatchEvent(new Event("change"));
  }

  close() {
    if (!this.#isOpen) return;
    if (this.#isDrawing) this.#perform("discard");
    this.#isOpen = false;
    clearInterval(this.#timer);
    this.#listen("removeEventListener");
    this.#removeLayer();
    if (this.#panel.contains(document.activeElement)) {
      document.activeElement.blur();
      this.#focusBefore?.focus({ preventScroll: true });
    }
    this.#panel.hidden = true;
    if (!this.#wasFrozen) this.#player.freeze(false);
    this.update();
    this.dispatchEvent(new Event("change"));
  }

  #removeLayer() {
    this.#layer?.remove();
    this.#layer = null;
  }

  #listen(how) {
    const handlers = { pointerdown: this.#onDown, pointermove: this.#onMove, pointerup: this.#onUp, pointercancel: this.#onUp, click: this.#onClick, dblclick: this.#onDoubleClick };
    for (const [type, handler] of Object.entries(handlers)) this.#player[how](type, handler, true);
    this.#player[how]("focusin", this.#onFocus);
    window[how]("keydown", this.#onKey, true);
  }

  // The areas.

  get #areas() {
    return this.#byCamera.get(this.#player.camera) ?? [];
  }

  #takeAreas(found) {
    const old = this.#areas;
    const rest = new Set(old);
    const isSame = (one, other) => one.kind === other.kind && one.name === other.name;
    const areas = found.map((saved) => {
      const known = old.find((area) => area.saved && isSame(area.saved, saved)) ?? old.find((area) => isSame(area, saved));
      if (!known) return Object.assign(copyOf(saved), { saved });
      rest.delete(known);
      const wasChanged = isChanged(known);
      known.saved = saved;
      if (wasChanged || !isChanged(known)) return known;
      Object.assign(known, copyOf(saved));
      if (this.#isOpen && known === this.#selected) this.#fill();
      return known;
    });
    for (const area of rest) {
      const wasChanged = isChanged(area);
      area.saved = null;
      if (wasChanged || area === this.#selected) areas.push(area);
    }
    this.#byCamera.set(this.#player.camera, areas);
  }

  #select(area) {
    this.#selected = area;
    this.#current = -1;
    this.#isDrawing = false;
    this.#fill();
    this.#show();
  }

  /** Begins a new area, whose corners the user sets next. */
  #begin() {
    if (this.#isDrawing) this.#perform("discard");
    const area = Object.assign(newArea("zone", this.#areas), { saved: null });
    this.#areas.push(area);
    this.#select(area);
    this.#isDrawing = true;
    this.#say("");
    this.#show();
    this.#tools.querySelector("[data-area=addCorner]").focus({ preventScroll: true });
    this.#panel.scrollTop = 0;
  }

  #change(changes) {
    const area = this.#selected;
    // A name that the user has not chosen follows the kind.
    if (changes.kind && area.name === freeName(area.kind, this.#areas.filter((other) => other !== area))) {
      changes.name = freeName(changes.kind, this.#areas.filter((other) => other !== area));
    }
    Object.assign(area, changes);
    if (changes.kind) this.#fill();
    this.#show();
  }

  #perform(name) {
    const area = this.#selected;
    const { corners } = area;
    switch (name) {
      case "undo":
        corners.pop();
        this.#current = corners.length - 1;
        break;
      case "finish":
        if (corners.length < minimumCorners) return;
        this.#isDrawing = false;
        this.#current = -1;
        this.#say(text("zones.closed"));
        // The focused button disappears.
        if (this.#tools.contains(document.activeElement)) this.#name.focus({ preventScroll: true });
        break;
      case "addCorner":
        if (corners.length >= maximumCorners) return;
        this.#addCorner(area);
        break;
      case "removeCorner":
        if (this.#current < 0 || corners.length <= minimumCorners) return;
        corners.splice(this.#current, 1);
        this.#current = Math.min(this.#current, corners.length - 1);
        this.#say(text("zones.corners", { count: corners.length }));
        break;
      case "discard":
        this.#say("");
        if (area.saved) {
          Object.assign(area, copyOf(area.saved));
          this.#select(area);
        } else {
          this.#byCamera.set(this.#player.camera, this.#areas.filter((other) => other !== area));
          this.#select(null);
          this.#add.focus({ preventScroll: true });
        }
        return;
      default:
        return;
    }
    this.#show();
    if (name === "addCorner") this.#layer.focus(this.#current);
  }

  /** Adds a corner without a pointer: in the middle of the longest side, or at a fixed place in an open area. */
  #addCorner({ corners }) {
    if (this.#isDrawing) {
      corners.push([...(firstCorners[corners.length] ?? [0.5, 0.5])]);
      this.#current = corners.length - 1;
    } else {
      const length = (index) => Math.hypot(...[0, 1].map((axis) => corners[(index + 1) % corners.length][axis] - corners[index][axis]));
      const longest = corners.reduce((best, _, index) => (length(index) > length(best) ? index : best), 0);
      const middle = [0, 1].map((axis) => (corners[longest][axis] + corners[(longest + 1) % corners.length][axis]) / 2);
      corners.splice(longest + 1, 0, middle);
      this.#current = longest + 1;
    }
    this.#say(text("zones.corners", { count: corners.length }));
  }

  // Pointers. The picture can still be moved and zoomed.

  #onDown = (event) => {
    this.#suppressesClick = false;
    if (event.button !== 0 || !event.isPrimary) return;
    const point = this.#layer.pointOf(event);
    this.#press = point;
    const index = this.#layer.indexAt(point, event.pointerType);
    if (index < 0) return;
    const [x, y] = this.#layer.pointAt(this.#selected.corners[index]);
    this.#drag = { index, offset: [x - point[0], y - point[1]], hasMoved: false };
    this.#player.setPointerCapture(event.pointerId);
    event.preventDefault();
    event.stopPropagation();
  };

  #onMove = (event) => {
    const point = this.#layer.pointOf(event);
    if (this.#isDrawing) this.#layer.pointer = event.pointerType === "mouse" ? point : null;
    const drag = this.#drag;
    if (!drag || !event.isPrimary) return;
    event.stopPropagation();
    drag.hasMoved ||= Math.hypot(point[0] - this.#press[0], point[1] - this.#press[1]) > 3;
    if (!drag.hasMoved) return;
    this.#selected.corners[drag.index] = this.#layer.cornerAt([point[0] + drag.offset[0], point[1] + drag.offset[1]]);
    this.#current = drag.index;
    this.#show();
  };

  #onUp = (event) => {
    const drag = this.#drag;
    if (!drag || !event.isPrimary) return;
    this.#drag = null;
    this.#suppressesClick = true;
    event.stopPropagation();
    if (this.#isDrawing && drag.index === 0 && !drag.hasMoved && event.type === "pointerup") {
      this.#perform("finish");
    } else {
      this.#current = drag.index;
      this.#show();
      this.#layer.focus(drag.index);
    }
  };

  #onClick = (event) => {
    event.stopPropagation();
    const point = this.#layer.pointOf(event);
    const hasMoved = !this.#press || Math.hypot(point[0] - this.#press[0], point[1] - this.#press[1]) > clickDistance;
    if (this.#suppressesClick || hasMoved || event.detail > 1) return;
    const corner = this.#layer.cornerAt(point);
    if (!this.#isDrawing) {
      const area = this.#areas.find(({ corners }) => contains(corners, corner));
      if (area && area !== this.#selected) this.#select(area);
    } else if (this.#selected.corners.length < maximumCorners) {
      this.#selected.corners.push(corner);
      this.#current = this.#selected.corners.length - 1;
      this.#say(text("zones.corners", { count: this.#selected.corners.length }));
      this.#show();
    }
  };

  #onDoubleClick = (event) => {
    event.stopPropagation();
    if (this.#isDrawing) this.#perform("finish");
  };

  // Keys.

  #onFocus = () => {
    const index = this.#layer?.focusedIndex ?? -1;
    if (index < 0 || index === this.#current) return;
    this.#current = index;
    this.#show();
  };

  #onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const index = event.target === this.#player ? this.#layer.focusedIndex : -1;
    const isTyping = event.target.matches("input[type=text], input[type=number], textarea");
    const isOnControl = event.target.closest("button, input, textarea, a") !== null;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (index >= 0 && step) this.#moveCorner(index, step, event.shiftKey ? 10 : 1);
    else if (this.#isDrawing && event.key === "Backspace" && !isTyping) this.#perform("undo");
    else if (this.#isDrawing && event.key === "Enter" && !isOnControl) this.#perform("finish");
    else if (index >= 0 && !this.#isDrawing && ["Backspace", "Delete"].includes(event.key)) this.#removeCorner(index);
    else if (index >= 0 && event.key === " ") this.#perform("addCorner");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** Moves a corner on the screen, whose directions are not the picture's if the view is rotated or mirrored. */
  #moveCorner(index, [x, y], distance) {
    const { corners } = this.#selected;
    const [left, top] = this.#layer.pointAt(corners[index]);
    corners[index] = this.#layer.cornerAt([left + x * distance, top + y * distance]);
    this.#show();
  }

  #removeCorner(index) {
    this.#current = index;
    this.#perform("removeCorner");
    this.#layer.focus(this.#current);
  }

  // The panel.

  #button(name, action) {
    const button = make("button", { type: "button" });
    button.dataset.area = name;
    button.addEventListener("click", action);
    return button;
  }

  #say(sentence) {
    if (this.#note.textContent !== sentence) this.#note.textContent = sentence;
  }

  #translate() {
    this.#panel.setAttribute("aria-label", text("zones"));
    this.#title.textContent = text("zones");
    this.#close.label("close", "close");
    for (const button of [this.#add, this.#copy, ...this.#tools.children]) button.textContent = text(`zones.${button.dataset.area}`);
    this.#nameLabel.textContent = text("zones.name");
    this.#secondsLabel.textContent = text("zones.seconds");
    this.#linesLabel.textContent = text("zones.lines");
    this.#outlinesLabel.textContent = text("zones.outlines");
    this.#say("");
    if (this.#isOpen) {
      this.#fill();
      this.#show();
    }
  }

  /** Fills the form with the selected area. */
  #fill() {
    const area = this.#selected;
    this.#form.hidden = area === null;
    if (!area) return;
    const focused = this.#form.contains(document.activeElement) ? document.activeElement.id : "";
    const choice = (type, name, value, label, isChecked, onChange) => {
      const input = make("input", { type, name, value, id: `${name}-${value}`, checked: isChecked });
      input.addEventListener("change", () => onChange(input.checked));
      return make("label", {}, input, label);
    };
    this.#kinds.replaceChildren(make("legend", { textContent: text("zones.kind") }), ...Object.keys(kinds).map((kind) =>
      choice("radio", "area-kind", kind, text(`zones.${kind}`), kind === area.kind, () => this.#change({ kind }))));
    this.#explanation.textContent = text(`zones.${area.kind}.meaning`);
    this.#name.value = area.name;
    this.#seconds.value = area.seconds;
    const { hasClasses, hasSeconds } = kinds[area.kind];
    this.#seconds.parentElement.hidden = !hasSeconds;
    this.#classes.hidden = !hasClasses;
    const tracked = this.#detector.areasOf(this.#player.camera)?.classes ?? [];
    const classes = [...new Set([...tracked, ...area.classes])];
    this.#classes.replaceChildren(make("legend", { textContent: text("zones.classes") }), ...classes.map((label) =>
      choice("checkbox", "area-class", label, labelText(label), area.classes.includes(label), (isOn) =>
        this.#change({ classes: classes.filter((one) => (one === label ? isOn : area.classes.includes(one))) }))));
    if (focused) find(focused)?.focus({ preventScroll: true });
  }

  /** Shows everything that depends on the areas, without replacing the fields of the form. */
  #show() {
    if (!this.#isOpen) return;
    const areas = this.#areas;
    const selected = this.#selected;
    this.#layer.show({ areas, selected, isDrawing: this.#isDrawing, current: this.#current });
    if (!this.#isDrawing) this.#layer.pointer = null;
    this.#showList(areas, selected);
    const hint = this.#isDrawing ? text("zones.draw") : "";
    if (this.#hint.textContent !== hint) this.#hint.textContent = hint;
    const fault = selected && !this.#isDrawing ? faultOf(selected, areas) : "";
    const isCrossed = selected && !this.#isDrawing && !fault && crossesItself(selected.corners);
    const sentence = fault ? text(`zones.fault.${fault}`) : isCrossed ? text("zones.fault.crossing") : "";
    if (this.#fault.textContent !== sentence) this.#fault.textContent = sentence;
    this.#name.setAttribute("aria-invalid", ["name", "taken"].includes(fault));
    this.#seconds.setAttribute("aria-invalid", fault === "seconds");
    this.#showTools(selected);
    const shown = areas.filter((area) => (area === selected || isChanged(area)) && !faultOf(area, areas) && !(area === selected && this.#isDrawing));
    this.#result.hidden = shown.length === 0;
    const lines = shown.map(linesOf).join("\n");
    if (this.#lines.value !== lines) this.#lines.value = lines;
    this.#lines.rows = Math.max(2, lines.split("\n").length);
    const replaced = shown.some(({ saved }) => saved) ? text("zones.replace") : "";
    const where = [text("zones.where", { camera: this.#player.camera }), replaced].filter(Boolean).join(" ");
    if (this.#where.textContent !== where) this.#where.textContent = where;
  }

  #showList(areas, selected) {
    while (this.#list.children.length > areas.length) this.#list.lastChild.remove();
    while (this.#list.children.length < areas.length) {
      const index = this.#list.children.length;
      const button = make("button", { type: "button" }, make("i"), make("span"), make("small"));
      button.addEventListener("click", () => {
        if (this.#isDrawing) this.#perform("discard");
        const area = this.#areas[index];
        if (area) this.#select(area === this.#selected ? null : area);
      });
      this.#list.append(make("li", {}, button));
    }
    areas.forEach((area, index) => {
      const button = this.#list.children[index].firstChild;
      button.setAttribute("aria-pressed", area === selected);
      button.firstChild.className = area.kind;
      const state = !area.saved ? "zones.isNew" : isChanged(area) ? "zones.isChanged" : "";
      const words = [area.name || "–", [text(`zones.${area.kind}`), text(state)].filter(Boolean).join(" · ")];
      words.forEach((word, place) => {
        const part = button.children[place + 1];
        if (part.textContent !== word) part.textContent = word;
      });
    });
  }

  #showTools(selected) {
    const count = selected?.corners.length ?? 0;
    const usable = {
      undo: this.#isDrawing && count > 0,
      finish: this.#isDrawing && count >= minimumCorners,
      addCorner: count < maximumCorners,
      removeCorner: this.#current >= 0 && count > minimumCorners,
      discard: this.#isDrawing || (selected && isChanged(selected)),
    };
    for (const button of this.#tools.children) {
      const { area: name } = button.dataset;
      button.hidden = ["undo", "finish"].includes(name) ? !this.#isDrawing : name === "removeCorner" && this.#isDrawing;
      button.setAttribute("aria-disabled", !usable[name]);
      if (name === "discard") button.textContent = text(this.#isDrawing ? "zones.cancel" : "zones.discard");
    }
  }

  /** Copies the lines. Over plain HTTP, browsers copy only what is selected. */
  async #copyLines() {
    this.#lines.select();
    let isCopied = false;
    if (isSecureContext && navigator.clipboard?.writeText) isCopied = await navigator.clipboard.writeText(this.#lines.value).then(() => true, () => false);
    else isCopied = document.execCommand("copy");
    this.#say(text(isCopied ? "zones.copied" : "zones.notCopied"));
    if (isCopied) this.#copy.focus({ preventScroll: true });
  }
}

/** Whether an area differs from what the server uses. */
const isChanged = (area) => !area.saved || linesOf(area) !== linesOf(area.saved);
