// Helpers that create and find elements, and store settings.

/** Creates an element with properties and children, such as make("a", { href: "#/" }, "All"). */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** Creates an SVG element with attributes and children. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);

/** Settings that are kept between visits, if the browser allows it. */
export const settings = {
  get(key) {
    try {
      return localStorage.getItem(`oriel.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`oriel.${key}`, value);
    } catch {
      // Without storage, the setting lasts until the page is closed.
    }
  },
};
