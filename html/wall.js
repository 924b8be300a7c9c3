// Shows all cameras as tiles, or one alone. A camera keeps its player, so opening it does not interrupt the stream.

import { addressOf } from "./address.js";
import { OrielPlayer } from "./player.js";
import { icon } from "./icons.js";
import { make, settings } from "./dom.js";
import { duration, text } from "./strings.js";

const summaryDelay = 1_000;
const minimumTileWidth = 250;
const defaultAspect = 16 / 9;

export class Wall extends EventTarget {
  #root;
  #tiles = new Map();
  #alone = null;
  /** One announcement to screen readers for all tiles. */
  #summary = make("p", { className: "hidden" });
  #summaryTimer = 0;
  #columns = 1;
  /** Whether the player of the camera that is alone, and those of the tiles, show detected objects. */
  #boxes = { alone: false, tiles: false };

  constructor(root) {
    super();
    this.#root = root;
    this.#summary.setAttribute("role", "status");
    root.before(this.#summary);
    new ResizeObserver(() => this.layOut()).observe(root);
  }

  get cameras() {
    return [...this.#tiles.keys()];
  }

  /** The camera that is shown alone, or null. */
  get alone() {
    return this.#alone;
  }

  player(camera) {
    return this.#tiles.get(camera)?.player ?? null;
  }

  /** Shows the server's cameras. The tiles of cameras that remain are not changed. */
  setCameras(names) {
    for (const [name, tile] of this.#tiles) {
      if (names.includes(name) || name === this.#alone) continue;
      tile.root.remove();
      this.#tiles.delete(name);
    }
    // From last to first, because moving an existing tile would restart its player.
    let next = null;
    for (const name of names.toReversed()) {
      const tile = this.#tiles.get(name) ?? this.#makeTile(name, next);
      this.#tiles.set(name, tile);
      next = tile.root;
    }
    const rest = [...this.#tiles.keys()].filter((name) => !names.includes(name));
    this.#tiles = new Map([...names, ...rest].map((name) => [name, this.#tiles.get(name)]));
    this.#arrange();
  }

  /** Shows one camera alone, or all if null. */
  show(camera) {
    const before = this.#alone;
    this.#alone = camera;
    if (camera && !this.#tiles.has(camera)) this.#tiles.set(camera, this.#makeTile(camera));
    this.#arrange();
    if (camera === before) return;
    if (camera) this.#root.focus({ preventScroll: true });
    else this.#tiles.get(before)?.link.focus({ preventScroll: true });
  }

  /** Shows or hides detected objects in the picture of a camera that is alone, and in the tiles. */
  showBoxes(alone, tiles) {
    this.#boxes = { alone, tiles };
    this.#arrange();
  }

  /** Moves the focus right by `tiles`, wrapping at the ends, or down by `rows`. */
  moveFocus(tiles, rows) {
    const links = [...this.#tiles.values()].map((tile) => tile.link);
    const at = links.indexOf(document.activeElement);
    const next = rows ? at + rows * this.#columns : (at + tiles + links.length) % links.length;
    links[at < 0 ? 0 : next]?.focus();
  }

  #makeTile(name, next = null) {
    const player = new OrielPlayer();
    player.setAttribute("camera", name);
    player.setAttribute("omit", settings.get(`omit.${name}`) ?? "");
    const label = make("span", { className: "label" });
    const link = make("a", { href: addressOf(name) }, label);
    const root = make("article", { className: "tile" }, player, link);
    const tile = { root, player, link, label };
    player.addEventListener("state", () => {
      this.#showLabel(name, tile);
      this.#summarize();
    });
    player.addEventListener("measure", () => {
      this.#updateAspect(tile);
      this.#showAge(tile);
    });
    this.#showLabel(name, tile);
    this.#root.insertBefore(root, next);
    return tile;
  }

  #showLabel(name, tile) {
    const { player, label, link } = tile;
    const { state } = player.condition;
    const title = `${name}: ${text(state)}${player.usesSnapshots ? `, ${text("stills")}` : ""}`;
    if (link.getAttribute("aria-label") === title) return;
    link.setAttribute("aria-label", title);
    label.dataset.state = state === "live" && player.usesSnapshots ? "snapshot" : state;
    label.replaceChildren(icon(state), name, make("small"));
    this.#showAge(tile);
  }

  /** Shows the age of a snapshot. */
  #showAge({ player, label }) {
    const isSnapshot = label.dataset.state === "snapshot" && player.age !== null;
    const age = isSnapshot ? duration(1000 * Math.max(1, Math.round(player.age / 1000))).replace(".0", "") : "";
    if (label.lastChild.textContent !== age) label.lastChild.textContent = age;
  }

  /** Announces which cameras are not live, if that has changed and no camera is connecting. */
  #summarize() {
    clearTimeout(this.#summaryTimer);
    if (this.#alone !== null) return;
    this.#summaryTimer = setTimeout(() => {
      const states = [...this.#tiles].map(([name, { player }]) => [name, player.condition.state]);
      if (this.#alone !== null || states.some(([, state]) => state === "connecting")) return;
      const names = states.filter(([, state]) => !["live", "late", "paused"].includes(state)).map(([name]) => name);
      const summary = text(names.length > 0 ? "summary.trouble" : "summary", { count: states.length, names: names.join(", ") });
      if (this.#summary.textContent !== summary) this.#summary.textContent = summary;
    }, summaryDelay);
  }

  showLabels() {
    for (const [name, tile] of this.#tiles) this.#showLabel(name, tile);
  }

  /** Updates a tile's aspect ratio. Before the first picture, uses the size in the status. */
  #updateAspect(tile) {
    const { size, status } = tile.player;
    const { width, height } = size.width ? size : (status ?? size);
    const aspect = width && height ? width / height : defaultAspect;
    if (Math.abs(aspect - (tile.aspect ?? defaultAspect)) < 0.01) return;
    tile.aspect = aspect;
    this.layOut();
  }

  #arrange() {
    this.#root.classList.toggle("alone", this.#alone !== null);
    for (const [name, tile] of this.#tiles) {
      const { root, player } = tile;
      const isAlone = name === this.#alone;
      this.#updateAspect(tile);
      root.hidden = this.#alone !== null && !isAlone;
      player.toggleAttribute("zoomable", isAlone);
      player.toggleAttribute("history", isAlone);
      player.toggleAttribute("quiet", !isAlone);
      player.toggleAttribute("boxes", isAlone ? this.#boxes.alone : this.#boxes.tiles);
      if (!isAlone) {
        player.view.reset();
        if (player.frozen) player.freeze(false);
      }
    }
    this.layOut();
  }

  /** Chooses the number of columns with the largest tiles. The wall scrolls only if these would be too small. */
  layOut() {
    const count = this.#tiles.size;
    const { clientWidth: width, clientHeight: height } = this.#root;
    if (count === 0 || width === 0 || this.#alone !== null) {
      this.#root.style.removeProperty("--columns");
      return;
    }
    const gap = parseFloat(getComputedStyle(this.#root).rowGap) || 0;
    const aspects = [...this.#tiles.values()].map((tile) => tile.aspect ?? defaultAspect).sort((a, b) => a - b);
    const aspect = aspects[aspects.length >> 1];
    let best = { columns: 1, tileWidth: 0 };
    for (let columns = 1; columns <= count; columns += 1) {
      const rows = Math.ceil(count / columns);
      const across = (width - gap * (columns + 1)) / columns;
      const down = ((height - gap * (rows + 1)) / rows) * aspect;
      const tileWidth = Math.min(across, down);
      if (tileWidth > best.tileWidth) best = { columns, tileWidth };
    }
    if (best.tileWidth < minimumTileWidth) {
      const columns = Math.max(1, Math.floor(width / minimumTileWidth));
      best = { columns, tileWidth: (width - gap * (columns + 1)) / columns };
    }
    this.#columns = best.columns;
    this.#root.style.setProperty("--columns", best.columns);
    this.#root.style.setProperty("--tile-width", `${Math.floor(best.tileWidth)}px`);
    this.#root.style.setProperty("--tile-height", `${Math.floor(best.tileWidth / aspect)}px`);
  }
}
