// The page: which cameras there are, what the address asks for, buttons, keys, language and theme.

import { Details } from "./details.js";
import { StatusFeed } from "./status.js";
import { Wall } from "./wall.js";
import { actionsFor, canCopy, canLeave, toggleFullScreen } from "./actions.js";
import { readAddress, viewFrom, writeView } from "./address.js";
import { bandwidth, duration, language, text } from "./strings.js";
import { icon } from "./icons.js";
import { memory } from "./memory.js";

const root = document.documentElement;
const find = (id) => document.getElementById(id);
const feed = StatusFeed.of(new URL(".", import.meta.url));
const wall = new Wall(find("wall"));
const details = new Details(find("details"));
const cameraList = document.querySelector(".cameras");
const measures = find("measures");
const help = find("help");

let player = null;
let actions = {};
let wantsDetails = memory.get("details") === "on";

language.code = memory.get("language") ?? language.code;

// Cameras and the address.

function showCameras() {
  const names = [...feed.cameras.keys()];
  wall.setCameras(names);
  const isEmpty = feed.isReachable !== null && names.length === 0 && !readAddress().camera;
  find("empty").hidden = !isEmpty;
  if (isEmpty) {
    const isAway = feed.isReachable === false;
    find("empty").firstChild.textContent = text(isAway ? "unreachable" : "noCameras");
    find("empty").lastChild.textContent = text(isAway ? "detail.unreachable" : "detail.noCameras");
  }
  route();
}

function route() {
  const { camera, query } = readAddress();
  const names = [...feed.cameras.keys()];
  const only = names.length === 1 ? names[0] : null;
  root.classList.toggle("kiosk", /[?&]kiosk\b/.test(location.search) || query.has("kiosk"));
  wall.show(camera ?? only);
  open(wall.alone ? wall.player(wall.alone) : null, query);
  listCameras(names);
}

/** Connects bars and keys to the one camera that is shown, or to none. */
function open(next, query) {
  find("bottom").hidden = next === null;
  document.title = next ? `${next.camera} · Oriel` : "Oriel";
  if (next === player) return;
  player?.removeEventListener("measure", showMeasures);
  player?.removeEventListener("state", showState);
  player?.view.removeEventListener("change", onViewChange);
  player = next;
  actions = player ? actionsFor(player, say) : {};
  details.player = player && wantsDetails ? player : null;
  if (!player) return;
  player.view.set(viewFrom(query));
  player.addEventListener("measure", showMeasures);
  player.addEventListener("state", showState);
  player.view.addEventListener("change", onViewChange);
  showState();
}

function onViewChange() {
  writeView(player.camera, player.view);
  showTools();
}

function listCameras(names) {
  const links = names.length > 1 ? [["", text("allCameras")], ...names.map((name) => [name, name])] : [];
  const signature = JSON.stringify([links, wall.alone]);
  if (cameraList.dataset.signature === signature) return;
  cameraList.dataset.signature = signature;
  cameraList.setAttribute("aria-label", text("cameras"));
  cameraList.replaceChildren(...links.map(([name, label]) => {
    const link = Object.assign(document.createElement("a"), { href: `#/${name}`, textContent: label });
    if (name === (wall.alone ?? "")) link.setAttribute("aria-current", "page");
    return link;
  }));
  cameraList.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function go(camera) {
  location.hash = `#/${camera ?? ""}`;
}

function turnTo(places) {
  const { cameras } = wall;
  if (!wall.alone) wall.moveFocus(places);
  else if (cameras.length > 1) go(cameras[(cameras.indexOf(wall.alone) + places + cameras.length) % cameras.length]);
}

// State and measures of the one camera.

function showState() {
  const { state } = player.condition;
  find("state").dataset.state = state;
  find("state").replaceChildren(icon(state === "frozen" ? "freeze" : state === "connecting" ? "late" : state), text(state));
  showTools();
  showMeasures();
}

function showMeasures() {
  if (!player) return;
  const { metrics, size, age } = player;
  const isPlaying = ["live", "late"].includes(player.condition.state);
  const values = {
    age: isPlaying && age !== null ? duration(age) : "",
    rate: isPlaying && metrics.rate !== null ? text("fps", { value: metrics.rate.toFixed(metrics.rate < 9.95 ? 1 : 0) }) : "",
    bandwidth: isPlaying && metrics.bitsPerSecond !== null ? bandwidth(metrics.bitsPerSecond) : "",
    size: size.width ? `${size.width} × ${size.height}` : "",
  };
  for (const [key, value] of Object.entries(values)) {
    const field = measures.querySelector(`.${key} dd`);
    if (field.textContent !== value) field.textContent = value;
  }
}

// Buttons.

const pageTools = [
  ["language", () => useLanguage(language.code === "en" ? "ko" : "en")],
  ["theme", () => useTheme()],
  ["help", () => toggleHelp()],
];

const cameraTools = [
  ["back"], ["freeze"], ["forth"], null,
  ["view"], ["rotate"], ["mirror"], null,
  ["pictureInPicture", null, canLeave], ["copy", null, canCopy], ["snapshot"],
  ["details", () => toggleDetails()], ["fullScreen", toggleFullScreen, () => document.fullscreenEnabled],
];

function build(place, tools) {
  place.replaceChildren(...tools.filter((tool) => !tool?.[2] || tool[2]()).map((tool) => {
    if (!tool) return document.createElement("hr");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.tool = tool[0];
    button.addEventListener("click", () => (tool[1] ?? actions[tool[0]])?.());
    return button;
  }));
}

function label(name, key, symbol = key) {
  for (const button of document.querySelectorAll(`[data-tool="${name}"]`)) {
    if (button.dataset.label === `${language.code} ${key}`) continue;
    button.dataset.label = `${language.code} ${key}`;
    button.title = text(key);
    button.setAttribute("aria-label", text(key));
    button.replaceChildren(name === "language" ? (language.code === "en" ? "한국어" : "EN") : icon(symbol));
  }
}

function press(name, isPressed) {
  for (const button of document.querySelectorAll(`[data-tool="${name}"]`)) button.setAttribute("aria-pressed", isPressed);
}

function showTools() {
  for (const name of ["language", "theme", "help", "back", "forth", "rotate", "mirror", "pictureInPicture", "copy", "snapshot", "details"]) label(name, name);
  const isFull = document.fullscreenElement !== null;
  label("fullScreen", isFull ? "leaveFullScreen" : "fullScreen");
  if (!player) return;
  label("view", player.view.mode);
  label("freeze", player.frozen ? "unfreeze" : "freeze", player.frozen ? "play" : "freeze");
  press("freeze", player.frozen !== null);
  press("mirror", player.view.isMirrored);
  press("rotate", player.view.rotation !== 0);
  press("view", player.view.mode !== "fit");
  press("details", wantsDetails);
  for (const [name, places] of [["back", player.frozen?.before], ["forth", player.frozen?.after]]) {
    const button = document.querySelector(`[data-tool="${name}"]`);
    button.hidden = !player.frozen;
    button.disabled = !places;
  }
}

function toggleDetails() {
  wantsDetails = !wantsDetails;
  memory.set("details", wantsDetails ? "on" : "off");
  details.player = wantsDetails ? player : null;
  showTools();
}

// Language and theme.

function useLanguage(code) {
  memory.set("language", code);
  language.code = code;
}

function translate() {
  root.lang = language.code;
  find("page-tools").setAttribute("aria-label", text("title"));
  find("camera-tools").setAttribute("aria-label", text("picture", { camera: player?.camera ?? "" }));
  measures.replaceChildren(...["age", "rate", "bandwidth", "size"].map((key) => {
    const group = document.createElement("div");
    group.className = key;
    group.title = text(key);
    group.append(Object.assign(document.createElement("dt"), { textContent: text(key) }), document.createElement("dd"));
    return group;
  }));
  buildHelp();
  wall.showLabels();
  details.rebuild();
  if (player) showState();
  else showTools();
  showCameras();
}

function useTheme() {
  const isDark = getComputedStyle(root).colorScheme === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
  memory.set("theme", root.dataset.theme);
  details.rebuild();
}

// Keys.

const keys = {
  ArrowLeft: () => (player?.view.canMove ? player.view.moveBy(60, 0) : turnTo(-1)),
  ArrowRight: () => (player?.view.canMove ? player.view.moveBy(-60, 0) : turnTo(1)),
  ArrowUp: () => (player?.view.canMove ? player.view.moveBy(0, 60) : turnTo(-1)),
  ArrowDown: () => (player?.view.canMove ? player.view.moveBy(0, -60) : turnTo(1)),
  Escape: () => go(null),
  s: () => actions.snapshot?.(),
  f: toggleFullScreen,
  " ": () => actions.freeze?.(),
  ",": () => actions.back?.(),
  ".": () => actions.forth?.(),
  v: () => actions.view?.(),
  "+": () => actions.zoomIn?.(),
  "=": () => actions.zoomIn?.(),
  "-": () => actions.zoomOut?.(),
  0: () => actions.zoomReset?.(),
  r: () => actions.rotate?.(),
  m: () => actions.mirror?.(),
  d: () => player && toggleDetails(),
  t: useTheme,
  l: () => useLanguage(language.code === "en" ? "ko" : "en"),
  "?": toggleHelp,
};

const helpRows = [
  ["← →", "cameras"], ["Esc", "wall"], ["S", "snapshot"], ["F", "fullScreen"], ["␣", "freeze"], [", .", "step"], ["V", "view"],
  ["+ − 0", "zoom"], ["R", "rotate"], ["M", "mirror"], ["D", "details"], ["T", "theme"], ["L", "language"], ["?", "help"],
];

function buildHelp() {
  const head = document.createElement("header");
  const title = Object.assign(document.createElement("h2"), { textContent: text("help"), id: "help-title" });
  const tools = document.createElement("div");
  tools.className = "tools";
  build(tools, [["close", () => help.close()]]);
  head.append(title, tools);
  const list = document.createElement("dl");
  for (const [names, key] of helpRows) {
    const term = document.createElement("dt");
    term.append(...names.split(" ").map((name) => Object.assign(document.createElement("kbd"), { textContent: name })));
    list.append(term, Object.assign(document.createElement("dd"), { textContent: text(`key.${key}`) }));
  }
  help.setAttribute("aria-labelledby", "help-title");
  help.replaceChildren(head, list);
  label("close", "close");
}

function toggleHelp() {
  if (help.open) help.close();
  else help.showModal();
}

help.addEventListener("click", (event) => {
  if (event.target === help) help.close();
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (help.open && event.key !== "?") return;
  if (event.key === " " && event.target.closest("button, a")) return;
  const action = keys[event.key] ?? keys[event.key.toLowerCase()];
  if (!action) return;
  if (event.key === "Escape" && (document.fullscreenElement || wall.cameras.length < 2)) return;
  event.preventDefault();
  action();
});

// Messages, and rest: a full screen or a kiosk whose pointer lies still shows pictures only.

let toastTimer = 0;

function say(sentence) {
  const toast = find("toast");
  toast.textContent = sentence;
  toast.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.classList.remove("shown"), 2_500);
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
document.addEventListener("fullscreenchange", () => {
  stayAwake();
  showTools();
});
addEventListener("hashchange", () => {
  route();
  const { query } = readAddress();
  if (player && query.size > 0) player.view.set(viewFrom(query));
});
language.addEventListener("change", translate);
feed.addEventListener("status", showCameras);

build(find("page-tools"), pageTools);
build(find("camera-tools"), cameraTools);
translate();
stayAwake();
feed.use(wall);
