// Two words for making elements.

/** An element with properties and children: make("a", { href: "#/" }, "All"). */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);
