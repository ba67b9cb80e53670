/* One key for everything that is done often; every key can be changed, and all can be switched off (WCAG 2.1.4). */

import { need, word } from "./words";

export type Doing = Record<string, () => void>;

const KEPT = "p2p-keys", OFF = "p2p-keys-off", SEQUENCE_MS = 1200;

/** The first keys, as the server wrote them into the list of keys. */
function firstKeys(): Record<string, string> {
  const fields = document.querySelectorAll<HTMLInputElement>("#keys-list input[data-does]");
  return Object.fromEntries([...fields].map((f) => [f.dataset["does"] ?? "", f.dataset["first"] ?? ""]));
}

export class Keys {
  private readonly first_keys = firstKeys();
  private chosen: Record<string, string>;
  private off: boolean;
  private first = "";
  private timer = 0;

  constructor(private readonly doing: Doing) {
    this.chosen = { ...this.first_keys, ...(JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, string>) };
    this.off = localStorage.getItem(OFF) === "yes";
    document.addEventListener("keydown", (e) => this.press(e));
    need("#keys-on").addEventListener("change", (e) => this.turn((e.target as HTMLInputElement).checked));
    need("#keys-reset").addEventListener("click", () => this.reset());
    need("#keys-list").addEventListener("change", (e) => this.change(e.target as HTMLInputElement));
    this.show();
  }

  private press(e: KeyboardEvent): void {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) return this.send(e);
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const typing = (e.target as Element).closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (e.key === "Escape") {
      this.run("close", e, false);
      return;
    }
    if (typing || this.off || document.querySelector("dialog[open]")) return;
    if (e.key === "Enter" || e.key === " ") return;
    this.match(e);
  }

  /** Send what is being written, without leaving the keys. */
  private send(e: KeyboardEvent): void {
    const form = (e.target as Element).closest("textarea")?.form;
    if (!form) return;
    e.preventDefault();
    form.requestSubmit();
  }

  private match(e: KeyboardEvent): void {
    const key = e.key.length === 1 ? e.key.toLowerCase() : e.key;
    const whole = this.first ? `${this.first} ${key}` : key;
    const name = Object.keys(this.chosen).find((n) => this.chosen[n] === whole);
    clearTimeout(this.timer);
    this.first = "";
    if (name) {
      this.run(name, e, true);
    } else if (Object.values(this.chosen).some((k) => k.startsWith(`${key} `))) {
      this.first = key;
      this.timer = window.setTimeout(() => (this.first = ""), SEQUENCE_MS);
    }
  }

  private run(name: string, e: Event, stop: boolean): void {
    if (stop) e.preventDefault();
    this.doing[name]?.();
  }

  private turn(on: boolean): void {
    this.off = !on;
    localStorage.setItem(OFF, on ? "no" : "yes");
    this.show();
  }

  private change(field: HTMLInputElement): void {
    const name = field.dataset["does"];
    if (!name) return;
    const wanted = field.value.trim().toLowerCase();
    const taken = Object.keys(this.chosen).find((n) => n !== name && this.chosen[n] === wanted);
    const say = need("#keys-say");
    if (!/^\S( \S)?$/.test(wanted) || taken) {
      say.textContent = taken ? word("key-taken", { key: wanted }) : word("key-one");
      field.value = this.chosen[name] ?? "";
      return;
    }
    say.textContent = word("key-kept", { key: wanted });
    this.chosen[name] = wanted;
    this.keep();
  }

  private reset(): void {
    this.chosen = { ...this.first_keys };
    this.keep();
  }

  private keep(): void {
    const changed = Object.entries(this.chosen).filter(([name, key]) => this.first_keys[name] !== key);
    localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(changed)));
    this.show();
  }

  /** Write the keys that hold on every key cap of the page. */
  show(): void {
    document.documentElement.dataset["keys"] = this.off ? "off" : "on";
    need<HTMLInputElement>("#keys-on").checked = !this.off;
    for (const cap of document.querySelectorAll<HTMLElement>("kbd[data-does]")) {
      cap.textContent = (this.chosen[cap.dataset["does"] ?? ""] ?? "").toUpperCase();
    }
    for (const field of document.querySelectorAll<HTMLInputElement>("#keys-list input[data-does]")) {
      const name = field.dataset["does"] ?? "";
      field.value = this.chosen[name] ?? "";
      field.disabled = this.off;
    }
  }
}
