/* The alarm list: fetched anew when something changed, at most four times a second, and never moved under a pointer. */

import type { SwapEvent, Task } from "./swaps";
import { need, word } from "./words";

const LEAST_MS = 250, STILL_MS = 5000;

export class AlarmList {
  private timer = 0;
  private last_ms = 0;
  private going = false;
  private again = false;
  private pointer_ms = 0;
  private held = 0;

  constructor(private readonly region: HTMLElement) {
    const rows = need("#alarm-list");
    rows.addEventListener("pointermove", () => (this.pointer_ms = Date.now()));
    rows.addEventListener("pointerleave", (event) => {
      if (event.relatedTarget !== need("#list-waiting")) this.release();
    });
    need("#list-waiting").addEventListener("pointerleave", () => this.release());
    need("#list-waiting").addEventListener("click", () => this.release());
  }

  /** Ask for the list again, soon. */
  refresh(): void {
    if (this.timer) return;
    const wait = Math.max(0, this.last_ms + LEAST_MS - Date.now());
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.fetch();
    }, wait);
  }

  private async fetch(): Promise<void> {
    if (this.going) {
      this.again = true;
      return;
    }
    this.going = true;
    this.last_ms = Date.now();
    try {
      await window.htmx?.ajax("GET", this.address(), { target: "#alarm-list", swap: "innerMorph", source: "#alarm-list" });
    } finally {
      this.going = false;
      if (this.again) {
        this.again = false;
        this.refresh();
      }
    }
  }

  /** The address of the list as it stands: tab, search, and which row is chosen. */
  address(): string {
    const state = need("#list-state"), find = need<HTMLInputElement>("#find");
    const query = new URLSearchParams({ tab: state.dataset["tab"] ?? "open", area: state.dataset["area"] ?? "" });
    if (find.value) query.set("q", find.value);
    const chosen = this.chosen();
    if (chosen) query.set("chosen", chosen);
    return `/now/alarms?${query.toString()}`;
  }

  rows(): HTMLElement[] {
    return [...this.region.querySelectorAll<HTMLElement>("a.row[data-alarm]")];
  }

  chosen(): string {
    return document.getElementById("card")?.dataset["alarm"] ?? "";
  }

  /** Give what a row says: priority and title. */
  says(id: string): string {
    const row = document.getElementById(`open-${id}`);
    const mark = row?.querySelector(".mark")?.getAttribute("aria-label") ?? "";
    return row ? `${mark}, ${row.querySelector(".mid")?.textContent?.trim() ?? ""}` : "";
  }

  /** Mark a row as the chosen one. */
  choose(id: string): void {
    for (const row of this.rows()) {
      const on = row.dataset["alarm"] === id;
      if (on) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  /** Go to the next or previous row and open it. */
  step(by: 1 | -1): void {
    const rows = this.rows(), at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
    const row = rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    row?.focus();
    row?.click();
  }

  private release(): void {
    this.pointer_ms = 0;
    if (!this.held) return;
    this.held = 0;
    this.tellHeld();
    this.refresh();
  }

  private tellHeld(): void {
    const button = need("#list-waiting");
    if (this.held === 0 && document.activeElement === button) need("#alarm-list").focus();
    button.hidden = this.held === 0;
    button.textContent = word("waiting", { count: this.held });
  }

  /** Before a swap: while a pointer is at work in the list, keep its order and let new rows wait. */
  beforeSwap(event: SwapEvent): void {
    const task = event.tasks.find((t) => t.target instanceof Element && t.target.id === "alarm-list");
    if (!task) return;
    if (Date.now() - this.pointer_ms > STILL_MS || this.otherList(task)) this.settle();
    else this.hold(task);
  }

  /** Tell whether the reader asked for another tab or search: then the rows are other rows. */
  private otherList(task: Task): boolean {
    const now = need("#list-state").dataset, then = task.fragment.querySelector<HTMLElement>("#list-state")?.dataset;
    return now["tab"] !== then?.["tab"] || now["search"] !== then?.["search"];
  }

  private settle(): void {
    this.held = 0;
    this.tellHeld();
  }

  private hold(task: Task): void {
    const fresh = new Map([...task.fragment.querySelectorAll<HTMLElement>("a.row[data-alarm]")].map((r) => [r.id, r]));
    const old = this.rows();
    const known = new Set(old.map((row) => row.id));
    const arrived = [...fresh.values()].filter((row) => !known.has(row.id));
    const urgent = arrived.some((row) => row.dataset["priority"] === "emergency");
    const same = arrived.length === 0 && old.length === fresh.size && old.every((row, i) => row.id === [...fresh.keys()][i]);
    if (urgent || same) {
      this.settle();
      return;
    }
    this.held = arrived.length || 1;
    this.tellHeld();
    for (const row of old) {
      const renewed = fresh.get(row.id);
      if (renewed && renewed.outerHTML !== row.outerHTML) this.renew(row, renewed);
    }
    task.fragment.replaceChildren(...[...need("#alarm-list").childNodes].map((node) => node.cloneNode(true)));
  }

  /** Change a row where it stands. */
  private renew(row: HTMLElement, renewed: HTMLElement): void {
    row.className = renewed.className;
    row.replaceChildren(...[...renewed.childNodes].map((node) => node.cloneNode(true)));
  }
}
