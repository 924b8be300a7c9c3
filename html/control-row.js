// One row of the controls panel, with a control's name, value and input.

import { choiceText, controlText } from "./names.js";
import { make } from "./dom.js";
import { icon } from "./icons.js";
import { text } from "./strings.js";

export class ControlRow {
  element;
  #control;
  #onChange;
  #inputs = [];
  /** The field in which the user is typing. Responses must not overwrite it. */
  #edited = null;
  #remark;
  #said = "";
  #reset;
  #isAway = false;

  /** Calls `onChange(value)` for each value that the user sets; null means the default. */
  constructor(control, onChange) {
    this.#control = control;
    this.#onChange = onChange;
    const id = `control-${control.name}`;
    const name = make("label", { htmlFor: id, textContent: controlText(control), title: control.name });
    this.#remark = make("p", { className: "remark", id: `${id}-remark` });
    this.#remark.setAttribute("aria-live", "polite");
    this.#reset = make("button", { type: "button", className: "reset" }, icon("reset"));
    this.#reset.addEventListener("click", () => onChange(null));
    this.element = make("div", { className: `control ${control.type}` }, name, ...this.#fields(id), this.#remark);
    this.element.dataset.control = control.name;
    this.show(control, "");
  }

  /** Whether the controls cannot be changed at the moment. */
  set isAway(isAway) {
    if (isAway === this.#isAway) return;
    this.#isAway = isAway;
    this.show(this.#control);
  }

  /** `remark` says how the camera changed a requested value. By default, the old remark stays. */
  show(control, remark = this.#said) {
    this.#control = control;
    this.#said = remark;
    const { value, read_only: isReadOnly, inactive: isInactive } = control;
    for (const input of this.#inputs) {
      if (input.type === "checkbox") input.checked = Boolean(value);
      else if (input !== this.#edited && input.type !== "button" && input.value !== String(value ?? "")) input.value = value ?? "";
      input.disabled = isReadOnly || isInactive || this.#isAway;
    }
    this.element.classList.toggle("off", isReadOnly || isInactive);
    this.element.classList.toggle("fixed", isReadOnly);
    const wanted = [isReadOnly ? text("controls.readOnly") : isInactive ? text("controls.inactive") : "", remark];
    const sentence = wanted.filter(Boolean).join("\n");
    if (this.#remark.textContent !== sentence) this.#remark.textContent = sentence;
    this.#showReset();
  }

  textOf(value) {
    const { type, choices } = this.#control;
    if (type === "menu") return choiceText(choices?.[value] ?? String(value));
    if (type === "boolean") return text(value ? "controls.on" : "controls.off");
    return String(value);
  }

  #showReset() {
    const { type, default: standard, value, read_only: isReadOnly, inactive: isInactive } = this.#control;
    const hasDefault = type !== "button" && type !== "other" && !isReadOnly;
    const isUseful = hasDefault && !isInactive && !this.#isAway && Number(value) !== Number(standard);
    const title = text("controls.reset", { name: controlText(this.#control), value: this.textOf(standard) });
    // A button without effect is not hidden, because it would lose the focus.
    this.#reset.hidden = !hasDefault;
    this.#reset.setAttribute("aria-disabled", !isUseful);
    this.#reset.title = title;
    this.#reset.setAttribute("aria-label", title);
  }

  #fields(id) {
    const { type, minimum, maximum, step, choices } = this.#control;
    switch (type) {
      case "boolean": {
        const box = this.#input({ id, type: "checkbox" }, "change", () => box.checked);
        box.setAttribute("role", "switch");
        return [this.#reset, box];
      }
      case "menu": {
        const options = Object.entries(choices ?? {}).map(([value, name]) => make("option", { value, textContent: choiceText(name) }));
        const select = this.#listen(make("select", { id }, ...options), "change", () => Number(select.value));
        return [this.#reset, select];
      }
      case "button": {
        const push = make("button", { id, type: "button", className: "push", textContent: text("controls.press") });
        push.setAttribute("aria-label", `${controlText(this.#control)}: ${text("controls.press")}`);
        return [this.#listen(push, "click", () => true)];
      }
      case "integer": {
        const limits = { min: minimum, max: maximum, step: step || 1 };
        const slider = this.#input({ id, type: "range", ...limits }, "input", () => (figure.value = slider.value, Number(slider.value)));
        const figure = this.#input({ type: "number", ...limits }, "change", () => this.#within(figure));
        figure.setAttribute("aria-label", controlText(this.#control));
        return [slider, this.#reset, figure];
      }
      case "bitmask": {
        const figure = this.#input({ id, type: "number", min: 0, max: maximum, step: 1 }, "change", () => this.#within(figure));
        return [this.#reset, figure];
      }
      default: {
        const field = make("input", { id, type: "text", readOnly: true });
        this.#inputs.push(field);
        return [field];
      }
    }
  }

  /** Returns the typed number, clamped to the range. If it is invalid, restores the value and returns undefined. */
  #within(figure) {
    const { value, minimum, maximum } = this.#control;
    const typed = Math.round(figure.valueAsNumber);
    if (Number.isFinite(typed)) return (figure.value = Math.min(maximum, Math.max(minimum, typed)), Number(figure.value));
    figure.value = value;
    return undefined;
  }

  #input(properties, type, read) {
    return this.#listen(make("input", properties), type, read);
  }

  #listen(field, type, read) {
    this.#inputs.push(field);
    if (field.type === "number") {
      field.addEventListener("input", () => (this.#edited = field));
      for (const end of ["change", "blur"]) field.addEventListener(end, () => (this.#edited = null));
    }
    field.setAttribute("aria-describedby", this.#remark.id);
    field.addEventListener(type, () => {
      const value = read();
      if (value !== undefined) this.#onChange(value);
    });
    return field;
  }
}
