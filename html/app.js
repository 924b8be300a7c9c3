// The main module of the page, with the list of cameras, the address, shortcuts, language and theme.

import { CameraBar } from "./bar.js";
import { Buttons } from "./buttons.js";
import { StatusFeed } from "./status.js";
import { Wall } from "./wall.js";
import { find, make, settings } from "./dom.js";
import { language, text } from "./strings.js";
import { addressOf, readAddress, viewFrom, writeView } from "./address.js";
import { toggleFullScreen } from "./actions.js";

const root = document.documentElement;
const feed = StatusFeed.of(new URL(".", import.meta.url));
const wall = new Wall(find("wall"));
/** Null until it is opened for the first time. */
let help = null;
/** Null until the server has a journal of events. */
let events = null;
const bar = new CameraBar(say, (player) => {
  if (player.camera === wall.alone) writeView(player.camera, player.view);
}, (isOn, isOnWall) => {
  wall.showBoxes(isOn, isOnWall);
  pageTools.press("wallBoxes", isOnWall);
});
const pageTools = new Buttons(find("page-tools"), [
  ["wallBoxes", () => bar.toggleBoxes()], ["events", () => events.toggle()], ["language", useNextLanguage], ["theme", useOtherTheme], ["help", toggleHelp],
]);

// Cameras and the address.

function showCameras() {
  const names = [...feed.cameras.keys()];
  wall.setCameras(names);
  const isEmpty = feed.isReachable !== null && names.length === 0 && !readAddress().camera;
  if (isEmpty) showNotice(feed.isReachable === false ? "unreachable" : refusalKey() ?? "noCameras", { status: feed.refusal });
  else find("empty").hidden = true;
  route();
}

/** Returns the key of the notice for a server that refuses to return its status. */
function refusalKey() {
  if (feed.refusal === 0) return null;
  return [401, 403].includes(feed.refusal) ? "refused" : "failed";
}

function showNotice(key, values) {
  find("empty").hidden = false;
  find("empty").firstChild.textContent = text(key);
  find("empty").lastChild.textContent = text(`detail.${key}`, values);
}

function route() {
  const { camera, query, isUnknown } = readAddress();
  if (isUnknown) showNotice("noPage", { address: location.hash });
  const names = [...feed.cameras.keys()];
  root.classList.toggle("kiosk", /[?&]kiosk\b/.test(location.search) || query.has("kiosk"));
  const before = bar.player;
  wall.show(camera ?? (names.length === 1 ? names[0] : null));
  bar.player = wall.alone ? wall.player(wall.alone) : null;
  if (bar.player && bar.player !== before) bar.player.view.set(viewFrom(query));
  pageTools.offer("wallBoxes", !wall.alone && bar.offers("boxes"), true);
  document.title = wall.alone ? `${wall.alone} · Oriel` : "Oriel";
  find("heading").textContent = wall.alone ?? text("allCameras");
  listCameras(names);
}

function listCameras(names) {
  const list = find("cameras");
  const links = names.length > 1 ? [["", text("allCameras")], ...names.map((name) => [name, name])] : [];
  const signature = JSON.stringify([links, wall.alone]);
  if (list.dataset.signature === signature) return;
  list.dataset.signature = signature;
  list.setAttribute("aria-label", text("cameras"));
  list.replaceChildren(...links.map(([name, textContent]) => {
    const link = make("a", { href: name ? addressOf(name) : "#/", textContent });
    if (name === (wall.alone ?? "")) link.setAttribute("aria-current", "page");
    return link;
  }));
  list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

function go(camera) {
  bar.whenReturned.then(() => (location.hash = camera ? addressOf(camera) : "#/"));
}

async function toggleHelp() {
  const { Help } = await import("./help.js");
  help ??= new Help((key) => (["cameras", "wall"].includes(key) ? wall.cameras.length > 1 : bar.offers(key)));
  help.toggle();
}

/** Offers the list of events while the server has a journal. */
async function offerEvents() {
  if (!events && !bar.offers("events")) return;
  const { EventList } = await import("./event-list.js");
  events ??= new EventList({ base: new URL(".", import.meta.url), wall, bar, tools: pageTools, status: feed, go });
  events.offer(bar.offers("events"));
}

/** Shows the next camera (1) or the previous one (-1). */
function turn(places) {
  const { cameras, alone } = wall;
  if (cameras.length > 1) go(cameras[(cameras.indexOf(alone) + places + cameras.length) % cameras.length]);
}

// Language and theme.

function useNextLanguage() {
  const code = language.code === "en" ? "ko" : "en";
  settings.set("language", code);
  language.use(code);
}

/** Switches from "follow the system" to the theme opposite to the system's, to the system's theme, and back. */
function useOtherTheme() {
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const cycle = [undefined, system === "dark" ? "light" : "dark", system];
  const theme = cycle[(cycle.indexOf(root.dataset.theme) + 1) % cycle.length];
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  settings.set("theme", theme ?? "system");
  say(text(`theme.${theme ?? "system"}`));
  bar.rebuild();
}

function translate() {
  root.lang = language.code;
  find("page-tools").setAttribute("aria-label", text("page"));
  find("skip").textContent = text("skip");
  pageTools.label("language", "language", language.code === "en" ? "korean" : "english");
  pageTools.label("theme", "theme");
  pageTools.label("wallBoxes", "boxes");
  pageTools.label("help", "help");
  bar.rebuild();
  wall.showLabels();
  showCameras();
}

// Keys.

/** On the wall, moves the focus. Otherwise moves the picture if it is larger than the stage, or switches cameras. */
function arrow(x, y) {
  const view = bar.player?.view;
  if (view?.canMove) view.moveBy(-60 * x, -60 * y);
  else if (wall.alone) turn(x + y);
  else wall.moveFocus(x, y);
}

const act = (name) => () => bar.perform(name);

const keys = {
  ArrowLeft: () => arrow(-1, 0),
  ArrowRight: () => arrow(1, 0),
  ArrowUp: () => arrow(0, -1),
  ArrowDown: () => arrow(0, 1),
  Escape: () => go(null),
  s: act("snapshot"),
  f: toggleFullScreen,
  " ": act("freeze"),
  ",": act("back"),
  ".": act("forth"),
  v: act("view"),
  "+": act("zoomIn"),
  "=": act("zoomIn"),
  "-": act("zoomOut"),
  0: act("zoomReset"),
  r: act("rotate"),
  m: act("mirror"),
  d: act("detect"),
  b: () => bar.toggleBoxes(),
  z: act("zones"),
  c: act("controls"),
  e: () => events?.toggle(),
  i: () => bar.toggleDetails(),
  t: useOtherTheme,
  l: useNextLanguage,
  "?": toggleHelp,
};

const places = { Space: " ", Comma: ",", Period: ".", Minus: "-", Equal: "+", Digit0: "0", Slash: "?" };

/** Returns the shortcut for a key. If the layout is not Latin, the key's position decides. */
function keyOf({ key, code }) {
  if (/^[ -~]$/.test(key)) return key.toLowerCase();
  return places[code] ?? (/^Key.$/.test(code) ? code[3].toLowerCase() : key);
}

/** Returns whether the focused element handles the key itself. */
function isOwnKey({ key, target }) {
  if (key === "Escape") return false;
  if (target.matches("input:not([type=range], [type=checkbox]), select, textarea")) return true;
  if (key === " ") return target.closest("button, a, input, summary") !== null;
  return key.startsWith("Arrow") && target.closest(".details") !== null;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const key = keyOf(event);
  const isHelpOpen = find("help").open;
  if (isHelpOpen && key !== "?") return;
  if (root.classList.contains("kiosk") && !/^(Arrow.*|Escape|[fvrm0+=-])$/.test(key)) return;
  if (key.length === 1 && settings.get("shortcuts") === "off" && !isHelpOpen) return;
  if (isOwnKey(event)) return;
  if (event.key === "Escape" && (events?.closePicture() || bar.leavePanel() || events?.close())) return;
  if (event.key === "Escape" && (document.fullscreenElement || wall.cameras.length < 2)) return;
  const action = keys[key];
  if (!action) return;
  event.preventDefault();
  action();
});

// Messages. In full screen or kiosk mode, only the pictures remain while there is no input.

let messageTimer = 0;

function say(sentence) {
  find("message").textContent = sentence;
  find("message").classList.add("shown");
  clearTimeout(messageTimer);
  messageTimer = setTimeout(() => find("message").classList.remove("shown"), 2_500);
}

let restTimer = 0;

function stayAwake() {
  root.classList.remove("resting");
  clearTimeout(restTimer);
  if (document.fullscreenElement || root.classList.contains("kiosk")) {
    restTimer = setTimeout(() => root.classList.add("resting"), 2_500);
  }
}

for (const type of ["pointermove", "pointerdown", "keydown", "focusin"]) addEventListener(type, stayAwake);
document.addEventListener("fullscreenchange", stayAwake);

find("skip").addEventListener("click", (event) => {
  event.preventDefault();
  find("wall").focus();
});

// The Back button closes an open panel, unless it leads to another camera.
addEventListener("popstate", ({ state }) => {
  if (!state?.panel && readAddress().camera === wall.alone) bar.leavePanel();
});

addEventListener("hashchange", () => {
  showCameras();
  const { query } = readAddress();
  if (bar.player && query.size > 0) bar.player.view.set(viewFrom(query));
});

language.addEventListener("change", translate);
feed.addEventListener("status", showCameras);
bar.detector.addEventListener("change", offerEvents);
pageTools.offer("events", false);
translate();
stayAwake();
feed.use(wall);
