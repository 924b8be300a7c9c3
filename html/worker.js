// The engine in a worker: the page stays free while pictures are taken apart and decoded.

import { Engine } from "./engine.js";

let engine = null;

addEventListener("message", ({ data }) => {
  if (data.canvas) {
    engine = new Engine(data.canvas, (message) => postMessage(message));
  } else if (data.call === "picture") {
    postMessage({ type: "picture", ticket: data.ticket, picture: engine.picture() });
  } else {
    engine[data.call](...data.values);
  }
});
