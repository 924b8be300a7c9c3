// Before the first paint, so that a chosen theme does not flash.
try {
  const theme = localStorage.getItem("oriel.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // No storage here: the system's choice holds.
}
document.documentElement.classList.add("scripted");
if (/[?&]kiosk\b/.test(location.search + location.hash)) document.documentElement.classList.add("kiosk");
