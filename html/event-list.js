// The panel with the newest events of the camera that is shown, or of all cameras, and the notices about new ones.

import { Buttons } from "./buttons.js";
import { find, make, settings } from "./dom.js";
import { now } from "./engine.js";
import { EventFeed } from "./events.js";
import { EventPicture } from "./event-picture.js";
import { eventTexts } from "./event-texts.js";
import { labelText } from "./names.js";
import { PictureQueue } from "./picture-queue.js";
import { duration, language, text } from "./strings.js";
import { Toasts } from "./toasts.js";

const maximumCount = 100;
/** Older events are not shown as notices, such as those that happened during an outage. */
const maximumToastAge = 30_000;

language.add(eventTexts);
const style = make("link", { rel: "stylesheet", href: new URL("events.css", import.meta.url) });
document.head.append(style);

const root = document.documentElement;

export class EventList {
  #base;
  #wall;
  #bar;
  #tools;
  #status;
  #go;
  #feed;
  #picture;
  #toasts = new Toasts();
  #entries = new Map();
  #isOffered = false;
  #wantsPanel = settings.get("events") === "on";
  #hasAsked = false;
  #frame = 0;
  /** The camera whose events are listed; null for all cameras. */
  #drawnFor = null;
  #panel = make("aside", { className: "details events", id: "events", hidden: true });
  #title = make("h2");
  #close;
  #switch = make("input", { id: "toasts", type: "checkbox" });
  #switchLabel = make("label", { htmlFor: "toasts" });
  #note = make("p", { className: "note" });
  #list = make("ol");
  #queue = new PictureQueue(this.#panel);

  /** `wall`, `bar` and `tools` are the page's, `status` is its StatusFeed, and `go(camera)` opens a camera. */
  constructor({ base, wall, bar, tools, status, go }) {
    [this.#base, this.#wall, this.#bar, this.#tools, this.#status, this.#go] = [base, wall, bar, tools, status, go];
    this.#feed = new EventFeed(base);
    this.#picture = new EventPicture(base);
    const place = make("div", { className: "tools" });
    this.#close = new Buttons(place, [["close", () => this.close()]]);
    this.#switch.setAttribute("role", "switch");
    this.#switch.checked = settings.get("toasts") !== "off";
    this.#switch.addEventListener("change", () => {
      settings.set("toasts", this.#switch.checked ? "on" : "off");
      this.#toasts.clear();
      this.#update();
    });
    this.#note.setAttribute("role", "status");
    this.#panel.append(make("div", { className: "head" }, this.#title, place),
      make("p", { className: "switch" }, this.#switchLabel, this.#switch), this.#note, this.#list);
    find("details").before(this.#panel);
    this.#feed.addEventListener("events", ({ detail }) => this.#take(detail));
    this.#feed.addEventListener("state", () => this.#draw());
    // The detector may have been switched off.
    this.#feed.addEventListener("lost", () => bar.detector.poll());
    status.addEventListener("status", ({ detail }) => {
      if (detail.isReturn) {
        bar.detector.poll();
        this.#feed.openNow();
      }
      if (this.#drawnFor !== wall.alone) this.#draw();
    });
    language.addEventListener("change", () => this.#translate());
    addEventListener("hashchange", () => {
      if (wall.alone !== this.#picture.camera) this.#picture.close();
      this.#update();
    });
    this.#translate();
  }

  /** Shows the button while the server has a journal of events, and hides everything otherwise. */
  offer(isOffered) {
    this.#isOffered = isOffered;
    if (!isOffered) {
      this.#picture.close();
      this.#toasts.clear();
    }
    this.#update();
  }

  toggle() {
    if (!this.#isOffered) return;
    // Another panel may cover the list.
    const wasCovered = this.#isOpen && this.#bar.leavePanel();
    this.#setOpen(wasCovered || !this.#isOpen);
  }

  /** Closes the panel; returns false if it is not open. */
  close() {
    if (!this.#isOpen) return false;
    this.#setOpen(false);
    return true;
  }

  /** Closes the picture of an event; returns false if none is shown. */
  closePicture() {
    return this.#picture.close();
  }

  #setOpen(isOpen) {
    if (isOpen) while (this.#bar.leavePanel());
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#wantsPanel = isOpen;
    settings.set("events", isOpen ? "on" : "off");
    this.#update();
    if (hadFocus && !isOpen) document.querySelector("[data-tool=events]").focus();
  }

  get #isOpen() {
    return this.#isOffered && this.#wantsPanel && !root.classList.contains("kiosk");
  }

  /** In a kiosk, notices are shown only if the address asks for them. */
  get #wantsToasts() {
    const isKiosk = root.classList.contains("kiosk");
    return this.#isOffered && (isKiosk ? /[?&]toasts\b/.test(location.search + location.hash) : this.#switch.checked);
  }

  #update() {
    this.#panel.hidden = !this.#isOpen;
    this.#tools.offer("events", this.#isOffered, true);
    this.#tools.press("events", this.#isOpen);
    this.#feed.use(this.#isOpen || this.#wantsToasts);
    if (this.#isOpen && !this.#hasAsked) {
      this.#hasAsked = true;
      this.#feed.recall();
    }
    this.#draw();
  }

  #translate() {
    this.#tools.label("events", "events");
    this.#close.label("close", "close");
    this.#panel.setAttribute("aria-label", text("events"));
    this.#title.textContent = text("events");
    this.#switchLabel.textContent = text("events.toasts");
    for (const entry of this.#entries.values()) entry.isDrawn = false;
    this.#draw();
  }

  // Events.

  #take({ items, isOld }) {
    for (const { position, data } of items) {
      const { after, camera, type, time } = data;
      if (typeof after?.id !== "string" || typeof after.label !== "string") continue;
      const known = this.#entries.get(after.id);
      if (known && known.order >= orderOf(type, after)) continue;
      const entry = Object.assign(known ?? { id: after.id, position }, {
        camera, label: after.label, start: after.start_time * 1000, end: after.end_time === null ? null : after.end_time * 1000,
        zones: after.entered_zones ?? after.current_zones ?? [], box: after.snapshot?.box ?? after.box, order: orderOf(type, after), isDrawn: false,
      });
      this.#entries.set(after.id, entry);
      if (type === "new" && !isOld) this.#notify(entry, time * 1000);
    }
    this.#prune();
    this.#draw();
  }

  #notify(entry, time) {
    const age = this.#status.ageAt(now(), time, entry.camera);
    if (!this.#wantsToasts || age === null || age > maximumToastAge) return;
    const camera = this.#wall.cameras.length > 1 ? entry.camera : "";
    this.#toasts.show([labelText(entry.label), camera].filter(Boolean).join(" · "), () => this.#open(entry));
  }

  /** Keeps the newest entries of each camera. */
  #prune() {
    const counts = {};
    for (const entry of [...this.#entries.values()].sort(newestFirst)) {
      counts[entry.camera] = (counts[entry.camera] ?? 0) + 1;
      if (counts[entry.camera] <= maximumCount) continue;
      entry.item?.remove();
      this.#entries.delete(entry.id);
    }
  }

  /** Opens the event's camera, and shows the event's picture. */
  #open(entry) {
    const title = [labelText(entry.label), this.#wall.cameras.length > 1 ? entry.camera : "", timeText(entry.start)].filter(Boolean).join(" · ");
    const focused = document.activeElement;
    const show = () => this.#picture.show(entry, title, focused);
    if (entry.camera === this.#wall.alone || !this.#wall.cameras.includes(entry.camera)) {
      show();
      return;
    }
    addEventListener("hashchange", show, { once: true });
    this.#go(entry.camera);
  }

  // The list.

  #draw() {
    if (!this.#isOpen || this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#isOpen) this.#fill();
    });
  }

  #fill() {
    const { alone } = this.#wall;
    this.#drawnFor = alone;
    const entries = [...this.#entries.values()].filter(({ camera }) => alone === null || camera === alone).sort(newestFirst).slice(0, maximumCount);
    const items = new Set(entries.map((entry) => this.#itemOf(entry, alone === null)));
    for (const item of [...this.#list.children]) if (!items.has(item)) item.remove();
    // Items that remain are not moved, so that the focus and the scroll position remain.
    let next = this.#list.firstChild;
    for (const item of items) {
      if (item === next) next = next.nextSibling;
      else this.#list.insertBefore(item, next);
    }
    const isHeld = this.#feed.state === "held" && this.#status.isReachable !== false;
    const key = isHeld ? "events.held" : entries.length > 0 ? "" : this.#feed.isRecalled ? "events.empty" : "events.loading";
    if (this.#note.textContent !== text(key)) this.#note.textContent = text(key);
  }

  #itemOf(entry, showsCamera) {
    if (!entry.item) {
      const image = make("img", { alt: "" });
      entry.words = make("span");
      entry.button = make("button", { type: "button", className: "event" }, make("span", { className: "thumb" }, image), entry.words);
      entry.button.addEventListener("click", () => this.#open(entry));
      entry.item = make("li", {}, entry.button);
      entry.item.dataset.event = entry.id;
      this.#queue.add(image, new URL(`events/${entry.id}/picture`, this.#base));
    }
    if (entry.isDrawn && entry.showsCamera === showsCamera) return entry.item;
    Object.assign(entry, { isDrawn: true, showsCamera });
    const label = labelText(entry.label);
    const length = entry.end === null ? text("events.there") : lengthText(entry.end - entry.start);
    const time = make("time", { dateTime: new Date(entry.start).toISOString(), textContent: timeText(entry.start) });
    const facts = [length, ...entry.zones].join(" · ");
    entry.words.replaceChildren(make("strong", { textContent: label }), ...(showsCamera ? [` · ${entry.camera}`] : []),
      make("small", {}, time), make("small", { textContent: facts }));
    entry.button.setAttribute("aria-label", [label, showsCamera ? entry.camera : "", time.textContent, length, ...entry.zones].filter(Boolean).join(", "));
    return entry.item;
  }
}

const newestFirst = (one, other) => other.start - one.start || (one.id < other.id ? 1 : -1);

/** Returns a number that is larger for later states of an object, so that repeated events do not undo later ones. */
const orderOf = (type, after) => (type === "end" ? Infinity : after.frame_time);

/** Formats a time, such as 2:03 PM, with the date if it is not today. */
function timeText(time) {
  const isToday = new Date(time).toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language.code, { timeStyle: "short", ...(isToday ? {} : { dateStyle: "medium" }) }).format(time);
}

/** Formats a length of time, such as 7 s, 12 min or 3 h. */
function lengthText(milliseconds) {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  if (seconds < 100) return text("unit.s", { value: seconds });
  return seconds < 5970 ? duration(Math.max(milliseconds, 119_500)) : text("unit.h", { value: Math.round(seconds / 3600) });
}
