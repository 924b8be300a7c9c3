// What the page remembers from visit to visit, where the browser lets it.

export const memory = {
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
      // Not here; the choice holds until the page is left.
    }
  },
};
