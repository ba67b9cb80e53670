/* One rule for every fragment that is swapped: focus is never lost, and the region says that it is busy. */

interface Task { target: Element | string; fragment: DocumentFragment; type: string }
interface SwapEvent { ctx: { target: Element; status: string; request: { method: string }; response?: { status: number } }; tasks: Task[] }
export type { SwapEvent, Task };

let heldId = "", heldName = "", heldRow = -1, heldRegion: Element | null = null;

const rowsOf = (region: Element): HTMLElement[] => [...region.querySelectorAll<HTMLElement>("a.row")];

function remember(): void {
  const active = document.activeElement;
  heldId = active instanceof HTMLElement && active !== document.body ? active.id : "";
  heldName = active?.getAttribute("name") ?? "";
  heldRegion = active?.closest("[data-region]") ?? null;
  heldRow = heldRegion && active instanceof HTMLElement ? rowsOf(heldRegion).indexOf(active) : -1;
}

/** Give focus back: to the same element, else to its place's first sensible one, else to the region itself. */
function giveBack(): void {
  const active = document.activeElement;
  if (!heldRegion || (active && active !== document.body && active.isConnected)) return;
  const same = heldId ? document.getElementById(heldId) : null;
  const named = heldName ? heldRegion.querySelector<HTMLElement>(`[name="${CSS.escape(heldName)}"]`) : null;
  const rows = heldRow < 0 ? [] : rowsOf(heldRegion);
  const chosen = heldRegion.querySelector<HTMLElement>('a.row[aria-current="true"], h2[tabindex="-1"]');
  (same ?? named ?? chosen ?? rows[Math.min(heldRow, rows.length - 1)] ?? (heldRegion as HTMLElement)).focus({ preventScroll: true });
}

/** Watch every swap of htmx. */
export function watchSwaps(before: (e: SwapEvent) => void, after: (e: SwapEvent) => void): void {
  document.addEventListener("htmx:before:request", (e) => {
    (e as CustomEvent<SwapEvent>).detail.ctx.target?.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:before:swap", (e) => {
    before((e as CustomEvent<SwapEvent>).detail);
    remember();
  });
  document.addEventListener("htmx:after:swap", (e) => {
    giveBack();
    after((e as CustomEvent<SwapEvent>).detail);
  });
  document.addEventListener("htmx:finally:request", (e) => {
    (e as CustomEvent<SwapEvent>).detail.ctx.target?.removeAttribute("aria-busy");
  });
}
