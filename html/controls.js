// The panel with the controls of the camera's driver, if the server provides them.

import { Buttons } from "./buttons.js";
import { ControlRow } from "./control-row.js";
import { formatList } from "./formats.js";
import { make } from "./dom.js";
import { language, text, serverError } from "./strings.js";
import { ControlRequests, everything, request } from "./control-requests.js";

const followInterval = 2_000;

export class Controls extends EventTarget {
  #panel;
  #player = null;
  #requests = null;
  #answer = null;
  #rows = new Map();
  #faultText = make("p", { className: "fault" });
  /** The error of the last response as `{ code, message }`, or null. */
  #fault = null;
  /** The result of the last change of each control, until its value changes. */
  #results = new Map();
  #signature = "";
  #isOpen = false;
  #focusBefore = null;
  /** Whether the server has no controls at all. */
  #isUnsupported = false;
  /** Whether the last request failed and must be repeated. */
  #hasFailed = false;
  #state = "";
  #requestCount = 0;
  /** The number of the request whose response is shown. Older responses are ignored. */
  #answered = 0;

  /** Fires "change" when the panel becomes available, opens or closes. */
  constructor(panel) {
    super();
    this.#panel = panel;
    this.#faultText.setAttribute("role", "alert");
    setInterval(() => this.#follow(), followInterval);
  }

  /** Whether the server offers at least one control for this camera. */
  get isOffered() {
    return this.#answer?.controls?.length > 0;
  }

  get isOpen() {
    return this.#isOpen && this.isOffered;
  }

  /** The current camera's player. The panel stays open when the camera changes. On the wall, it is closed. */
  set player(player) {
    if (player === this.#player) return;
    this.#player?.removeEventListener("state", this.#onState);
    player?.addEventListener("state", this.#onState);
    this.#player = player;
    this.#state = player?.condition.state ?? "";
    this.#answer = null;
    this.#isOpen &&= player !== null;
    this.#requests = player && new ControlRequests(this.#address, (answer) => {
      if (player !== this.#player) return;
      this.#answered = this.#requestCount += 1;
      this.#take(answer, answer.body.results ?? []);
    });
    this.#show();
    if (player?.status) this.#refresh();
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  open() {
    if (!this.isOffered) return;
    this.#isOpen = true;
    this.#focusBefore = document.activeElement;
    this.#show();
    this.#panel.querySelector(".control :is(input, select, button):enabled")?.focus({ preventScroll: true });
    this.#panel.scrollTop = 0;
    this.#refresh();
  }

  close() {
    if (!this.#isOpen) return;
    if (this.#panel.contains(document.activeElement)) {
      document.activeElement.blur();
      this.#focusBefore?.focus({ preventScroll: true });
    }
    this.#isOpen = false;
    this.#show();
  }

  rebuild() {
    this.#signature = "";
    this.#show();
  }

  get #address() {
    return new URL(`controls/${this.#player.camera}`, this.#player.base);
  }

  // A camera that returns may be a different one, or its controls may now be readable.
  #onState = ({ detail: { state } }) => {
    const isReturn = state === "live" && !["live", "late"].includes(this.#state);
    this.#state = state;
    if (this.isOpen) this.#show();
    if (this.#answer ? this.#isOpen && (isReturn || state === "offline") : ["live", "offline"].includes(state)) this.#refresh();
  };

  /** Shows changes by other viewers or by the camera itself, unless a pointer is down on the panel. */
  async #follow() {
    if (this.#hasFailed && !document.hidden && this.#player?.condition.state === "live") this.#refresh();
    const isUntouched = () => this.isOpen && !this.#panel.matches(":active");
    if (document.hidden || !isUntouched() || this.#player.condition.state !== "live") return;
    const { status, body } = (await this.#ask()) ?? {};
    if (status !== 200 || !Array.isArray(body.controls) || !isUntouched()) return;
    this.#answer = body;
    this.#show();
  }

  async #refresh() {
    if (this.#isUnsupported) return;
    this.#hasFailed = false;
    const answer = await this.#ask();
    if (!answer) return;
    this.#hasFailed = answer.status === 0 || answer.status >= 500;
    // This server has no controls at all, so they are not requested for other cameras.
    this.#isUnsupported = answer.status === 404 && answer.body.error === "not_found";
    this.#take(answer);
  }

  /** Returns the response, or null if a newer one is known or another camera is shown. */
  async #ask() {
    const player = this.#player;
    const number = (this.#requestCount += 1);
    const answer = await request(this.#address);
    if (player !== this.#player || number < this.#answered) return null;
    this.#answered = number;
    return answer;
  }

  /** `results` are the results of a change; if null, the previous remarks stay. */
  #take({ status, body }, results = null) {
    const isFine = status === 200 && Array.isArray(body.controls);
    if (isFine) this.#answer = body;
    this.#fault = isFine ? null : { code: body.error, message: body.message || (status ? `HTTP ${status}` : "") };
    this.#show(results);
  }

  #show(results = null) {
    this.#panel.hidden = !this.isOpen;
    if (this.isOpen) {
      const { controls, formats, now, device } = this.#answer;
      const signature = JSON.stringify([formats, now, device, controls.map(({ value, inactive, ...fixed }) => fixed)]);
      if (signature !== this.#signature) this.#build();
      this.#signature = signature;
      for (const control of controls) this.#showControl(control, results);
      this.#panel.querySelector(".reset-all").disabled = this.#isAway;
      this.#showFault();
    } else {
      this.#panel.replaceChildren();
      this.#results.clear();
      this.#fault = null;
      this.#faultText.textContent = this.#signature = "";
    }
    this.dispatchEvent(new Event("change"));
  }

  get #isAway() {
    return ["offline", "unreachable", "missing"].includes(this.#state);
  }

  #showFault() {
    const { sentence, detail } = this.#fault ? serverError(this.#fault.code, this.#fault.message) : { sentence: "", detail: "" };
    const words = [sentence, detail].filter(Boolean).join("\n");
    if (this.#faultText.textContent !== words) this.#faultText.textContent = words;
  }

  #showControl(control, results) {
    const { name, value } = control;
    const row = this.#rows.get(name);
    row.isAway = this.#isAway;
    if (this.#requests.has(name)) return;
    if (results) this.#results.set(name, { value, result: results.find((result) => result.name === name) });
    else if (this.#results.get(name)?.value !== value) this.#results.delete(name);
    row.show(control, remarkOn(row, this.#results.get(name)?.result));
  }

  #build() {
    const { controls, device } = this.#answer;
    const focused = this.#panel.contains(document.activeElement) ? document.activeElement.id : "";
    this.#panel.setAttribute("aria-label", text("controls"));
    const tools = make("div", { className: "tools" });
    new Buttons(tools, [["close", () => this.close()]]).label("close", "close");
    this.#rows = new Map(controls.map((control) => [
      control.name, new ControlRow(control, (value) => this.#requests.set(control.name, value)),
    ]));
    const reset = make("button", { type: "button", className: "reset-all", textContent: text("controls.resetAll") });
    reset.addEventListener("click", () => this.#requests.set(everything, null));
    this.#panel.replaceChildren(
      make("div", { className: "head" }, make("h2", { textContent: text("controls") }), tools),
      make("p", { className: "device", textContent: [device?.name, device?.path].filter(Boolean).join(" · ") }),
      this.#faultText,
      ...[...this.#rows.values()].map((row) => row.element),
      reset,
      formatList(this.#answer),
    );
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

/** Returns a sentence if the camera has set a value that was not requested, or "". */
function remarkOn(row, result) {
  if (!result) return "";
  const { asked, value, message } = result;
  const isOther = asked !== null && asked !== undefined && value !== null && value !== undefined && Number(asked) !== Number(value);
  const made = isOther ? text("controls.made", { asked: row.textOf(asked), value: row.textOf(value) }) : "";
  const { sentence, detail } = serverError(result.error, message ?? "");
  return [message && language.code === "en" ? "" : made, sentence, detail].filter(Boolean).join("\n");
}
