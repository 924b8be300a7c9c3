// Runs engines in a worker, so that parsing and decoding do not block the page.

import { Engine } from "./engine.js";

const engines = new Map();

addEventListener("message", ({ data: { key, canvas, call, values } }) => {
  if (canvas) {
    engines.set(key, new Engine(canvas, (message) => postMessage({ key, message })));
  } else if (call === "close") {
    engines.get(key).stop();
    engines.delete(key);
  } else if (call === "picture") {
    postMessage({ key, message: { type: "picture", ticket: values[0], picture: engines.get(key).picture() } });
  } else {
    engines.get(key)[call](...values);
  }
});
