// Detects objects: freezes the picture, sends its JPEG to the server, and shows the results as boxes and as a list.

import { download, fileName } from "./actions.js";
import { find, make } from "./dom.js";
import { labelText } from "./names.js";
import { percent, text } from "./strings.js";

/** Loaded with the first result. */
let BoxLayer = null;

/** Milliseconds between requests for the detector's status. */
const statusInterval = { ready: 60_000, unavailable: 10_000 };

/** Whether the server can detect objects. Fires "change". */
export class DetectorStatus extends EventTarget {
  /** `{ isReady, error, message }`, or null before the first response. */
  current = null;
  #address;
  #timer = 0;

  constructor(base) {
    super();
    this.#address = new URL("detect/status", base);
    this.poll();
  }

  /** A sentence that says why detection is unavailable, or "". */
  get reason() {
    if (!this.current || this.current.isReady) return "";
    return failureText(this.current.error, this.current.message);
  }

  /** A sentence that says why objects cannot be shown live, or "". */
  get liveReason() {
    return this.reason || (this.current?.isLive === false ? text("boxes.off") : "");
  }

  /** Returns a camera's classes and areas, as in the detector's status; undefined if the detector has no areas. */
  areasOf(camera) {
    return this.current?.areas?.find((one) => one.camera === camera);
  }

  /** Requests the status now, and then regularly. */
  async poll() {
    clearTimeout(this.#timer);
    let current = { isReady: false, error: "unavailable", message: "" };
    const answer = await fetch(this.#address, { cache: "no-store" }).catch(() => null);
    // An unreachable server says nothing about its journal.
    if (!answer) current.hasJournal = this.current?.hasJournal;
    try {
      const status = await answer.json();
      if (answer.ok) {
        const { state, error, message = "", live, journal } = status;
        current = { isReady: state !== "unavailable", error, message, isLive: Array.isArray(live), hasJournal: Boolean(journal) };
        const areas = (live ?? []).map(({ camera, classes, zones, masks, ignored }) => ({ camera, classes, zones, masks, ignored }));
        current.areas = areas.filter((one) => Object.values(one).slice(1).every(Array.isArray));
      }
    } catch {
      // Without a JSON response, the detector is unavailable.
    }
    const isChange = JSON.stringify(current) !== JSON.stringify(this.current);
    this.current = current;
    if (isChange) this.dispatchEvent(new Event("change"));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.poll(), document.hidden || current.isReady ? statusInterval.ready : statusInterval.unavailable);
  }
}

export class Detections extends EventTarget {
  #panel = find("detections");
  #player = null;
  #boxes = null;
  #answer = null;
  #picture = null;
  /** A function that returns the reason of a failure in the current language, or null. */
  #failure = null;
  #isAsking = false;
  #ask = null;
  #wasFrozen = false;
  #headline = make("h2");
  /** Announces the result. Screen readers need the element to exist before its text changes. */
  #announcement = make("p", { className: "hidden" });

  constructor() {
    super();
    this.#announcement.setAttribute("role", "status");
    this.#panel.after(this.#announcement);
  }

  /** The current camera's player. Changing it closes the result. */
  set player(player) {
    if (player === this.#player) return;
    this.close();
    this.#player?.removeEventListener("state", this.#onState);
    this.#player = player;
    player?.addEventListener("state", this.#onState);
  }

  get isOpen() {
    return this.#isAsking || this.#answer !== null || this.#failure !== null;
  }

  /** Detects objects in the picture on the screen, or goes back to live if a result is shown. */
  async toggle() {
    if (this.isOpen) {
      this.leave();
      return;
    }
    const player = this.#player;
    if (!player) return;
    this.#wasFrozen = player.wantsFrozen;
    this.#ask = new AbortController();
    const { signal } = this.#ask;
    this.#isAsking = true;
    this.#show();
    try {
      this.#picture = await frozenPicture(player);
      const answer = this.#picture && (await this.#fetchAnswer(signal));
      ({ BoxLayer } = await import("./boxes.js"));
      if (signal.aborted) return;
      this.#failure = answer ? null : () => text("failedToSave");
      this.#answer = answer;
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = error instanceof Refusal ? error : {};
      this.#failure = () => failureText(code, message);
    }
    this.#isAsking = false;
    this.#show();
  }

  async #fetchAnswer(signal) {
    const answer = await fetch(new URL("detect_once", this.#player.base), {
      method: "POST", headers: { "Content-Type": "image/jpeg" }, body: this.#picture.blob, signal, cache: "no-store",
    });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok || !body.success) throw new Refusal(body.message, body.error);
    return body;
  }

  leave() {
    this.close();
    if (!this.#wasFrozen) this.#player?.freeze(false);
  }

  close() {
    if (!this.isOpen) return;
    this.#ask?.abort();
    this.#isAsking = false;
    this.#answer = this.#picture = this.#failure = null;
    this.#show();
  }

  rebuild() {
    if (this.isOpen) this.#show();
  }

  // The boxes belong to one picture, so the result is closed when another picture is shown.
  #onState = () => {
    if (!this.isOpen || (this.#isAsking && !this.#picture)) return;
    const { frozen } = this.#player;
    if (!frozen || (this.#picture && frozen.id !== this.#picture.id)) this.close();
  };

  #show() {
    this.#boxes?.remove();
    this.#boxes = null;
    this.#panel.hidden = !this.isOpen;
    if (this.isOpen) {
      this.#fill();
    } else {
      this.#panel.replaceChildren();
      this.#announcement.textContent = "";
    }
    this.dispatchEvent(new Event("change"));
  }

  #fill() {
    const detections = (this.#answer?.predictions ?? []).map((detection) => ({ ...detection, text: labelText(detection.label) }));
    if (this.#answer) {
      this.#boxes = new BoxLayer(this.#answer.frame, detections, (index) => this.#highlight(index));
      this.#boxes.attach(this.#player);
    }
    const items = detections.map((detection, index) => {
      const share = percent(detection.confidence);
      const item = make("button", { type: "button" }, make("span", { className: "detection" }, detection.text), make("b", {}, share));
      item.setAttribute("aria-label", `${detection.text}, ${share}`);
      item.setAttribute("aria-pressed", false);
      item.style.setProperty("--tone", this.#boxes.tone(index));
      item.style.setProperty("--part", detection.confidence);
      for (const type of ["pointerenter", "focus", "click"]) item.addEventListener(type, () => this.#highlight(index));
      for (const type of ["pointerleave", "blur"]) item.addEventListener(type, () => this.#highlight(null));
      return make("li", {}, item);
    });
    this.#panel.setAttribute("aria-label", text("detect.title"));
    const headline = this.#isAsking ? text("detect.asking") : (this.#failure?.() ?? text(detections.length ? "detect.title" : "detect.nothing"));
    this.#headline.textContent = headline;
    const result = detections.map(({ text, confidence }) => `${text} ${percent(confidence)}`).join(", ");
    this.#announcement.textContent = [headline, result].filter(Boolean).join(": ");
    this.#panel.replaceChildren(
      this.#headline,
      make("ol", {}, ...items),
      ...(this.#answer ? [this.#facts()] : []),
      make("div", { className: "detection-tools" }, ...this.#tools()),
    );
    this.#panel.setAttribute("aria-busy", this.#isAsking);
  }

  #facts() {
    const { model, timing } = this.#answer;
    return make("p", { className: "detection-facts", textContent: `${model.name} · ${model.input.join(" × ")} · ${timing.inference_ms.toFixed(1)} ms` });
  }

  #tools() {
    const button = (key, action) => {
      const made = make("button", { type: "button", textContent: text(key) });
      made.dataset.detection = key;
      made.addEventListener("click", action);
      return made;
    };
    const downloads = [
      button("detect.saveJSON", () => download(new Blob([`${JSON.stringify(this.#answer, null, 2)}\n`], { type: "application/json" }), this.#name("json"))),
      button("detect.savePicture", () => this.#savePicture()),
    ];
    return [...(this.#answer ? downloads : []), button("unfreeze", () => this.leave())];
  }

  /** Saves a picture in which the server has drawn the boxes. */
  async #savePicture() {
    const { overlay } = this.#answer.frame;
    const picture = this.#picture;
    const name = this.#name("jpg");
    let answer = overlay ? await fetch(new URL(overlay.slice(1), this.#player.base)).catch(() => null) : null;
    // If the server no longer has the result, the picture is sent again, and the server draws the boxes.
    answer = answer?.ok ? answer : await fetch(new URL("detect_once", this.#player.base), {
      method: "POST", headers: { "Content-Type": "image/jpeg", Accept: "image/jpeg" }, body: picture.blob,
    }).catch(() => null);
    if (answer?.ok) download(await answer.blob(), name);
  }

  #name(ending) {
    return `${fileName(this.#player, this.#picture)}-detections.${ending}`;
  }

  #highlight(index) {
    this.#boxes?.highlight(index);
    [...this.#panel.querySelectorAll("li button")].forEach((item, place) => {
      item.classList.toggle("lit", place === index);
      item.setAttribute("aria-pressed", place === index);
    });
  }
}

class Refusal extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

/** Returns the sentence for an error code, or the server's own message if the code is unknown. */
const failureText = (code, message) => text(`detect.${code}`) || message || text("detect.unavailable");

/** Returns the frozen JPEG, or null. Waits, because a picture that is being painted may still replace it. */
async function frozenPicture(player) {
  player.freeze(true);
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const picture = await player.picture();
    await new Promise((resolve) => setTimeout(resolve, attempt === 0 ? 30 : 60));
    if (picture && player.frozen?.id === picture.id) return picture;
  }
  return null;
}
