/* The sign-in page: one key for each demo account, as its key cap says. The page works without this. */

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ((event.target as Element).closest("input, textarea, select")) return;
  const tile = document.querySelector<HTMLButtonElement>(`button.tile[data-key="${CSS.escape(event.key.toUpperCase())}"]`);
  if (!tile) return;
  event.preventDefault();
  tile.focus();
  tile.click();
});
document.querySelector<HTMLElement>("button.tile, #id_username")?.focus({ preventScroll: true });
