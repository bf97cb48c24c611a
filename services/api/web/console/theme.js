// Dark or light as the system has it, or as was chosen here: set before anything is drawn.

(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("paceline.theme");
  } catch {
    // A browser that keeps nothing follows the system.
  }
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
