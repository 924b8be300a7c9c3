// The actions for the picture of one camera.

import { make } from "./dom.js";
import { text } from "./strings.js";

/** Returns the actions by name. `say(sentence)` shows a short message. */
export function actionsFor(player, say) {
  return {
    view: () => player.view.nextMode(),
    zoomIn: () => player.view.zoomBy(1.25),
    zoomOut: () => player.view.zoomBy(0.8),
    zoomReset: () => player.view.set({ zoom: 1, x: 0, y: 0 }),
    rotate: () => player.view.rotate(),
    mirror: () => player.view.mirror(),
    freeze: () => player.freeze(!player.frozen),
    back: () => player.step(-1),
    forth: () => player.step(1),
    snapshot: () => save(player, say),
    copy: () => copy(player, say),
    pictureInPicture: () => player.togglePictureInPicture().catch(() => {}),
  };
}

export const canCopy = () => isSecureContext && typeof ClipboardItem === "function" && Boolean(navigator.clipboard?.write);

export function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => {});
}

async function save(player, say) {
  const picture = await player.picture();
  if (!picture) {
    say(text("failedToSave"));
    return;
  }
  const name = `${fileName(player, picture)}.jpg`;
  download(picture.blob, name);
  say(text("saved", { name }));
}

async function copy(player, say) {
  // Browsers copy only PNG pictures.
  const asPNG = async () => {
    const picture = await player.picture();
    const bitmap = await createImageBitmap(picture.blob);
    const canvas = make("canvas", { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": asPNG() })]);
    say(text("copied"));
  } catch {
    say(text("failedToCopy"));
  }
}

/** Returns a file name with the local time, such as door-2026-11-22T14-51-07.123. */
export function fileName(player, picture) {
  const time = picture.time || Date.now();
  const local = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return `${player.camera}-${local.toISOString().slice(0, 23).replaceAll(":", "-")}`;
}

export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
