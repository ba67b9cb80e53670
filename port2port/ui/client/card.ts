/* The right column: one alarm or one vessel. It is fetched anew when it changed, and keeps what is being typed. */

import { AlarmList } from "./list";
import type { OpenAlarm } from "./messages";
import type { Picture } from "./picture";
import type { SwapEvent } from "./swaps";
import { need } from "./words";

const LEAST_MS = 250;

export class Card {
  private timer = 0;
  private last_ms = 0;

  constructor(private readonly list: AlarmList, private readonly picture: () => Picture | null,
    private readonly alarm: (id: string) => OpenAlarm | undefined) {}

  openAlarm(id: string): void {
    void this.fetch(`/now/alarms/${id}/card`);
  }

  openVessel(track: string): void {
    void this.fetch(`/now/vessels/${track}/card`);
  }

  private async fetch(url: string): Promise<void> {
    this.last_ms = Date.now();
    await window.htmx?.ajax("GET", url, { target: "#detail", swap: "innerMorph", source: "#detail" });
  }

  /** Ask for the open card again, soon; at most four times a second. */
  refresh(): void {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      const card = document.getElementById("card");
      if (card?.dataset["alarm"]) void this.fetch(`/now/alarms/${card.dataset["alarm"]}/card`);
    }, Math.max(0, this.last_ms + LEAST_MS - Date.now()));
  }

  /** With nothing chosen, the first alarm that waits opens by itself: then one key answers it. */
  offer(): void {
    if (document.getElementById("card")) return;
    const row = this.list.rows().find((one) => one.classList.contains("un"));
    if (row) this.openAlarm(row.dataset["alarm"] ?? "");
  }

  /** A card was put on the page. */
  shown(ctx: SwapEvent["ctx"]): void {
    const card = document.getElementById("card");
    if (ctx.request.method === "POST") {
      this.list.refresh();
      if ((ctx.response?.status ?? 0) < 400) this.done();
      else document.getElementById("refused")?.scrollIntoView({ block: "nearest" });
    }
    this.locate(card, ctx.request.method === "GET");
  }

  /** After an act the form it came from is folded and empty again. */
  private done(): void {
    for (const form of document.querySelectorAll<HTMLDetailsElement>("details.act-form[open]")) {
      form.querySelector("form")?.reset();
      const inside = form.contains(document.activeElement);
      form.open = false;
      if (inside) form.querySelector("summary")?.focus();
    }
  }

  /** Choose on the map and in the list what the card is about. */
  private locate(card: HTMLElement | null, move: boolean): void {
    const id = card?.dataset["alarm"] ?? "", track = card?.dataset["vessel"] ?? card?.dataset["subject"] ?? "";
    this.list.choose(id);
    if (!card) return;
    const path = id ? `/now/alarms/${id}` : `/now/vessels/${track}`;
    if (move && location.pathname !== path) {
      history.replaceState(null, "", path);
      document.dispatchEvent(new CustomEvent("p2p:show", { detail: "detail" }));
    }
    const lat = parseFloat(card.dataset["lat"] ?? ""), lon = parseFloat(card.dataset["lon"] ?? "");
    const picture = this.picture();
    if (!picture) return;
    void picture.visit(card.dataset["area"] ?? "");
    const fresh = picture.chosen !== (track || id);
    picture.chosen = track || id;
    if (!fresh) return;
    if (track) picture.select(track, `/now/vessels/${track}/past.json`, [lat, lon]);
    else if (Number.isFinite(lat)) picture.selectSpot(lat, lon);
    const now = this.alarm(id);
    if (Number.isFinite(lat)) picture.lookAt(now?.lat ?? lat, now?.lon ?? lon);
  }

  /** The card that came with the page. */
  first(): void {
    const vessel = need("#detail").dataset["vessel"];
    if (vessel) this.openVessel(vessel);
    else this.locate(document.getElementById("card"), false);
  }

  /** Open one of the forms at the foot of the card and begin to write. */
  form(act: string): void {
    const form = document.getElementById(`form-${act}`) as HTMLDetailsElement | null;
    const summary = form?.querySelector("summary");
    if (!form || summary?.getAttribute("aria-disabled") === "true") return;
    form.open = true;
    document.dispatchEvent(new CustomEvent("p2p:show", { detail: "detail" }));
    form.querySelector("textarea")?.focus();
  }

  shut(what: HTMLElement | null): void {
    if (what instanceof HTMLDialogElement) what.close();
    else if (what instanceof HTMLDetailsElement) {
      what.open = false;
      what.querySelector("summary")?.focus();
    }
  }

  /** Escape: fold what is open, else leave the field, else leave the card. */
  close(): void {
    const menu = document.querySelector<HTMLDetailsElement>("details.menu[open], details.act-form[open]");
    if (menu) {
      this.shut(menu);
      return;
    }
    const active = document.activeElement;
    if (active instanceof HTMLInputElement && active.id === "find") {
      if (active.value) {
        active.value = "";
        this.list.refresh();
      }
      need("#alarms").focus();
      return;
    }
    document.dispatchEvent(new CustomEvent("p2p:show", { detail: "map" }));
  }
}
