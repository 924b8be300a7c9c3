// Runs before the first paint, so that the page does not flash in the wrong theme and its language loads early.
let language = null;
try {
  const theme = localStorage.getItem("oriel.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  language = localStorage.getItem("oriel.language");
} catch {
  // Without storage, the system's theme and language are used.
}
if ((language ?? navigator.language).startsWith("ko")) {
  document.head.append(Object.assign(document.createElement("link"), { rel: "modulepreload", href: "korean.js" }));
}
document.documentElement.classList.add("scripted");
if (/[?&]kiosk\b/.test(location.search + location.hash)) document.documentElement.classList.add("kiosk");
