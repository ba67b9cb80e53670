/* The server's clock as this page knows it, and everything on the page that counts with it. */

import { span } from "./words";

let ahead_ms = 0;

/** Set our clock by the server's; the smallest of the last offsets is the truest, for delay only ever adds. */
export function setClock(server_ms: number): void {
  const offset = server_ms - Date.now();
  ahead_ms = ahead_ms === 0 || Math.abs(offset - ahead_ms) > 5000 ? offset : Math.max(ahead_ms, offset);
}

export function now_ms(): number {
  return Date.now() + ahead_ms;
}

const utc = (): boolean => document.cookie.split("; ").includes("p2p_clock=utc");

/** Write a moment as the bar does: 24 h, in the reader's zone. */
export function clockWords(at_ms: number): string {
  const zone = utc() ? "UTC" : "Europe/Brussels";
  return new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone,
  }).format(at_ms);
}

/** Count every running span on, and shorten every bar of time left. */
export function countOn(): void {
  const now = now_ms();
  for (const piece of document.querySelectorAll<HTMLElement>(".run")) {
    const at = Number(piece.dataset["at"]), down = piece.dataset["way"] === "down";
    const seconds = (down ? at - now : now - at) / 1000;
    const text = span(seconds);
    if (piece.textContent !== text) piece.textContent = text;
    piece.classList.toggle("passed", down && seconds <= 0);
  }
  for (const bar of document.querySelectorAll<SVGElement>(".meter[data-until]")) {
    const until = Number(bar.dataset["until"]), from = Number(bar.dataset["from"]);
    const gone = Math.min(1, Math.max(0, (now - from) / Math.max(1, until - from)));
    bar.querySelector(".left")?.setAttribute("width", `${(gone * 100).toFixed(1)}%`);
    bar.classList.toggle("late", gone >= 1);
  }
}
