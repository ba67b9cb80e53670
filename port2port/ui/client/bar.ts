/* The bar: how old the picture is, whether the link holds, what time it is. The screen always says how old it is. */

import type { Beat, Link } from "./messages";
import type { Fleet } from "./fleet";
import { clockWords, now_ms, setClock } from "./clock";
import { decimal, need, span, word } from "./words";

const OLD_S = 10;

export class Bar {
  state: Link | "old" = "connecting";
  private linked: Link = "connecting";
  private since_ms = 0;
  private heard_ms = 0;
  private oldest_s = 0;
  private feeds = 0;

  /** Something came: the picture is as old as this moment. */
  heard(): void {
    this.heard_ms = Date.now();
  }

  beat(beat: Beat): void {
    setClock(beat.at_ms);
    this.heard();
    this.oldest_s = Math.max(0, ...beat.feeds.map((feed) => feed.age_s ?? 0));
    this.feeds = beat.feeds.length;
    this.tick();
  }

  link(state: Link, since_ms: number): void {
    this.linked = state;
    this.since_ms = since_ms;
    if (state === "signed-out") location.assign(`/signin?next=${encodeURIComponent(location.pathname)}`);
    this.tick();
  }

  /** Once a second: clock and ages. */
  tick(): void {
    const now = clockWords(now_ms());
    need("#clock").textContent = now;
    need("#live-clock").textContent = now;
    const age_s = this.heard_ms ? (Date.now() - this.heard_ms) / 1000 : 0;
    this.state = this.linked !== "live" ? this.linked : age_s > OLD_S ? "old" : "live";
    const badge = need("#link");
    badge.dataset["link"] = this.state;
    need("#link-words").textContent = this.words(age_s);
    need("#link-more").textContent = this.state === "lost" ? word("retrying") : this.more();
  }

  private words(age_s: number): string {
    if (this.state === "lost") return word("offline", { at: clockWords(this.since_ms) });
    if (this.state === "connecting") return word("connecting");
    return this.state === "old" ? word("old", { age: span(age_s) }) : word("live", { age: decimal(age_s) });
  }

  private more(): string {
    return this.feeds && this.oldest_s > OLD_S ? word("oldest-feed", { age: Math.round(this.oldest_s) }) : word("sent");
  }

  /** Say how many targets there are and how old the oldest is. */
  targets(fleet: Fleet | null): void {
    if (!fleet) return;
    const oldest = fleet.oldest();
    need("#targets").textContent = word("targets", { count: fleet.count });
    need("#oldest").textContent = oldest === null ? "" : word("oldest", { age: span(now_ms() / 1000 - oldest) });
  }

  title(waiting: number): void {
    document.title = document.title.replace(/^\(\d+\) /, "");
    if (waiting) document.title = `(${waiting}) ${document.title}`;
  }

  say(text: string): void {
    need("#say-polite").textContent = text;
  }

  warn(text: string): void {
    need("#say-now").textContent = text;
  }
}
