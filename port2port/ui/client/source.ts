/* One event source that never gives up: after a cut it tries again within two seconds, for as long as it takes.
   The server begins every connection with a full picture, so nothing has to be remembered here. */

import { columns, type FromStream, type Tracks } from "./messages";

const FIRST_WAIT_MS = 250, LONGEST_WAIT_MS = 2000, SILENCE_MS = 10000;

export class Source {
  private events: EventSource | null = null;
  private wait_ms = FIRST_WAIT_MS;
  private failures = 0;
  private heard_ms = 0;
  private lost_ms = 0;

  constructor(private readonly url: string, private readonly tell: (message: FromStream) => void) {
    setInterval(() => this.watch(), 1000);
    this.open();
  }

  private open(): void {
    const events = new EventSource(this.url);
    this.events = events;
    this.heard_ms = Date.now();
    events.onerror = () => this.again();
    events.addEventListener("hello", (e) => this.hello(e.data as string));
    events.addEventListener("tracks", (e) => this.tracks(e.data as string));
    events.addEventListener("alarms", (e) => this.pass("alarms", e.data as string));
    events.addEventListener("beat", (e) => this.pass("beat", e.data as string));
  }

  /** A connection that says nothing at all is as good as cut. */
  private watch(): void {
    if (this.events && Date.now() - this.heard_ms > SILENCE_MS) this.again();
  }

  private hello(text: string): void {
    this.wait_ms = FIRST_WAIT_MS;
    this.failures = 0;
    this.lost_ms = 0;
    this.tell({ kind: "link", body: "live", since_ms: Date.now() });
    this.pass("hello", text);
  }

  private tracks(text: string): void {
    this.heard_ms = Date.now();
    this.tell({ kind: "tracks", body: columns(JSON.parse(text) as Tracks, text.length) });
  }

  private pass(kind: "hello" | "alarms" | "beat", text: string): void {
    this.heard_ms = Date.now();
    this.tell({ kind, body: JSON.parse(text) } as FromStream);
  }

  /** Open anew, to be given the full picture once more. */
  refresh(): void {
    if (!this.events) return;
    this.events.close();
    this.open();
  }

  private again(): void {
    this.events?.close();
    this.events = null;
    this.lost_ms ||= Date.now();
    this.failures += 1;
    this.tell({ kind: "link", body: "lost", since_ms: this.lost_ms });
    if (this.failures % 3 === 0) void this.ask();
    setTimeout(() => this.open(), this.wait_ms);
    this.wait_ms = Math.min(LONGEST_WAIT_MS, this.wait_ms * 2);
  }

  /** An event source cannot see why it was refused; one plain request can. */
  private async ask(): Promise<void> {
    const stop = new AbortController();
    try {
      const answer = await fetch(this.url, { signal: stop.signal, redirect: "manual", cache: "no-store" });
      if (answer.status === 401 || answer.status === 403 || answer.type === "opaqueredirect") {
        this.tell({ kind: "link", body: "signed-out", since_ms: Date.now() });
      }
    } catch {
      /* still cut: the next try follows by itself */
    } finally {
      stop.abort();
    }
  }
}
