// Translates English names of classes, controls and choices. Unknown names stay unchanged.

import { language } from "./strings.js";

const nameOf = (kind, key, name) => language.names?.[kind][key] ?? name;

/** Returns the name of a detected class. */
export const labelText = (label) => nameOf("labels", label, label);

export const controlText = ({ name, description }) => nameOf("controls", name, description || name);

export const choiceText = (choice) => nameOf("choices", choice, choice);
