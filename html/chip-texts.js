// The texts of the chips, in all languages. They are loaded with the chips.

import { labelText } from "./names.js";
import { language, text } from "./strings.js";

export const chipTexts = {
  en: {
    chips: "Objects in the picture",
    "chips.hide": "Hide these boxes",
    "chips.show": "Show these boxes",
    // The form for one object, and the form for all other numbers.
    "count.person": "{count} person|{count} people",
    "count.bicycle": "{count} bicycle|{count} bicycles",
    "count.car": "{count} car|{count} cars",
    "count.motorcycle": "{count} motorcycle|{count} motorcycles",
    "count.bus": "{count} bus|{count} buses",
    "count.truck": "{count} truck|{count} trucks",
    "count.bird": "{count} bird|{count} birds",
    "count.cat": "{count} cat|{count} cats",
    "count.dog": "{count} dog|{count} dogs",
    "count.horse": "{count} horse|{count} horses",
    "count.sheep": "{count} sheep|{count} sheep",
    "count.cow": "{count} cow|{count} cows",
    "count.bear": "{count} bear|{count} bears",
    "count.other": "{count} × {label}",
  },
  ko: {
    chips: "영상 속 사물",
    "chips.hide": "이 상자 숨기기",
    "chips.show": "이 상자 표시",
    "count.person": "사람 {count}명",
    "count.bicycle": "자전거 {count}대",
    "count.car": "자동차 {count}대",
    "count.motorcycle": "오토바이 {count}대",
    "count.bus": "버스 {count}대",
    "count.truck": "트럭 {count}대",
    "count.bird": "새 {count}마리",
    "count.cat": "고양이 {count}마리",
    "count.dog": "개 {count}마리",
    "count.horse": "말 {count}마리",
    "count.sheep": "양 {count}마리",
    "count.cow": "소 {count}마리",
    "count.bear": "곰 {count}마리",
    "count.other": "{label} {count}개",
  },
};

/** Returns a number of objects with the name of their class, such as "2 people". */
export function countText(label, count) {
  const values = { count, label: labelText(label) };
  const known = text(`count.${label}`, values);
  if (!known) return text("count.other", values);
  const forms = known.split("|");
  return new Intl.PluralRules(language.code).select(count) === "one" ? forms[0] : forms.at(-1);
}
