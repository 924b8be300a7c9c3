// Stores the current view in the address after "#", so that it can be bookmarked. #/ is the wall, #/door is the camera
// "door", and #/door?fit=fill&zoom=2 is that camera with view settings.

const queryOf = (view) => {
  const query = new URLSearchParams();
  if (view.mode !== "fit") query.set("fit", view.mode);
  if (view.zoom > 1) query.set("zoom", view.zoom.toFixed(2));
  if (view.zoom > 1 || view.mode !== "fit") {
    if (Math.round(view.x)) query.set("x", Math.round(view.x));
    if (Math.round(view.y)) query.set("y", Math.round(view.y));
  }
  if (view.rotation) query.set("rotate", view.rotation);
  if (view.isMirrored) query.set("mirror", 1);
  return query;
};

/** Names reserved for pages. A camera with such a name is at #/camera/NAME. */
const reserved = ["camera", "live", "review", "saved", "settings", "sign-in"];

export const addressOf = (camera) => `#/${reserved.includes(camera) ? "camera/" : ""}${camera}`;

/** Parses the address into `{ camera, query, isUnknown }`. `camera` is null for the wall and for an unknown address. */
export function readAddress() {
  const [path, query] = location.hash.split(/\?(.*)/s);
  const match = /^(?:#?\/?|#\/?(camera\/)?([a-z0-9][a-z0-9_-]{0,31})\/?)$/i.exec(path);
  const name = match?.[2]?.toLowerCase() ?? null;
  const isUnknown = !match || (name !== null && !match[1] && reserved.includes(name));
  return { camera: isUnknown ? null : name, query: new URLSearchParams(query ?? ""), isUnknown };
}

/** Returns the view settings in a query, for `View.set`. */
export function viewFrom(query) {
  const number = (name, fallback) => (Number.isFinite(Number(query.get(name) ?? NaN)) ? Number(query.get(name)) : fallback);
  return {
    mode: ["fill", "actual"].includes(query.get("fit")) ? query.get("fit") : "fit",
    zoom: Math.min(16, Math.max(1, number("zoom", 1))),
    x: number("x", 0),
    y: number("y", 0),
    rotation: [90, 180, 270].includes(number("rotate", 0)) ? number("rotate", 0) : 0,
    isMirrored: query.has("mirror"),
  };
}

/** Writes the view into the address without adding a history entry. */
export function writeView(camera, view) {
  const { query } = readAddress();
  const wanted = queryOf(view);
  if (query.has("kiosk")) wanted.set("kiosk", "");
  const tail = String(wanted).replace("kiosk=", "kiosk");
  const address = `${addressOf(camera)}${tail ? `?${tail}` : ""}`;
  if (location.hash !== address) history.replaceState(history.state, "", location.pathname + location.search + address);
}
