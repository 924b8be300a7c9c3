// Runs before the first paint, so that the page does not flash in the wrong theme.
try {
  const theme = localStorage.getItem("oriel.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is not available: keep the system's theme.
}
document.documentElement.classList.add("scripted");
if (/[?&]kiosk\b/.test(location.search + location.hash)) document.documentElement.classList.add("kiosk");
