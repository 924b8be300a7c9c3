// Line icons on a 24-pixel grid.

import { svg } from "./dom.js";

const paths = {
  wall: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  snapshot: "M12 4v11M7.5 11 12 15.5 16.5 11M5 19.5h14",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  freeze: "M9 5.5v13M15 5.5v13",
  play: "M8 5.5v13l10.5-6.5z",
  back: "M15 5.5 8.5 12l6.5 6.5",
  forth: "M9 5.5 15.5 12 9 18.5",
  fit: "M4 6h16v12H4zM8 10h8v4H8z",
  fill: "M4 6h16v12H4zM4 12h3M20 12h-3M12 6v2M12 18v-2",
  actual: "M4 6h16v12H4zM8.5 9.5v5M15.5 9.5v5M12 11v.01M12 13.5v.01",
  rotate: "M19 12a7 7 0 1 1-2.3-5.2L19 9M19 4.5V9h-4.5",
  mirror: "M12 4v16M9 7.5 3.5 17H9zM15 7.5 20.5 17H15z",
  pictureInPicture: "M4 6h16v12H4zM12.5 12H20v6h-7.5z",
  detect: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8.5 8.5h7v7h-7z",
  boxes: "M4 5h9v9H4zM11 16.5v2.5h9v-9h-4",
  zones: "M5 8.5 13 4l6.5 6.5L16 19H6.5z",
  events: "M4 6h3v3H4zM10.5 7.5H20M4 15h3v3H4zM10.5 16.5H20",
  controls: "M4 7h7.5M16.5 7H20M14 4.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM4 17h3.5M12.5 17H20M10 14.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  reset: "M5 12a7 7 0 1 0 2.3-5.2L5 9M5 4.5V9h4.5",
  details: "M4 19.5h16M6.5 16v-4M12 16V6M17.5 16v-7",
  fullScreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  leaveFullScreen: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  help: "M4 7h16v10H4zM7.5 10.3v.01M11 10.3v.01M14.5 10.3v.01M8.5 13.7h7",
  close: "M6 6l12 12M18 6 6 18",
  connecting: "M12 4.5a7.5 7.5 0 1 1-7.5 7.5",
  live: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
  late: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM12 8v4.2l2.8 1.8",
  stalled: "M7.5 4.5h9M7.5 19.5h9M8.5 4.5c0 4 7 4.5 7 7.5s-7 3.5-7 7.5M15.5 4.5c0 4-7 4.5-7 7.5s7 3.5 7 7.5",
  offline: "M4 4l16 16M8.5 6.5H14.5v3l5-2.5v10l-1.5-.8M14.5 14.5v3H4.5v-11",
  unreachable: "M9 3.5v4M15 3.5v4M6.5 7.5h11v3a5.5 5.5 0 0 1-11 0zM12 16v4.5M4.5 20.5 19.5 4.5",
  missing: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM9.8 10a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.9-1.1 1.6M12 16.3v.01",
  busy: "M12 4.5 20.5 19h-17zM12 10v4M12 16.5v.01",
  refused: "M6.5 11h11v8.5h-11zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
};
paths.failed = paths.busy;
paths.frozen = paths.freeze;
paths.paused = paths.freeze;

/** Creates an icon, which is hidden from screen readers because it has a label next to it. */
export const icon = (name) =>
  svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": true }, svg("path", { d: paths[name] ?? "" }));
