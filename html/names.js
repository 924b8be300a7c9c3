// What the server and its cameras name in English, in the current language. Unknown names stay as they are.

import { language } from "./strings.js";

const nameOf = (kind, key, name) => language.names?.[kind][key] ?? name;

/** Returns the name of a detected class. */
export const labelText = (label) => nameOf("labels", label, label);

export const controlText = ({ name, description }) => nameOf("controls", name, description || name);

/** Returns the name of a menu item. */
export const choiceText = (choice) => nameOf("choices", choice, choice);
