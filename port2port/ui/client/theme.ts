/* The four themes: one key steps through them; none changes while an emergency is open. */

import { need, word } from "./words";

const THEMES = ["bright", "day", "dusk", "night"];

export class Theme {
  private locked = false;
  private timer = 0;

  constructor(private readonly painted: () => void) {
    need("#theme-form").addEventListener("click", (event) => {
      const wanted = (event.target as Element).closest<HTMLButtonElement>("button[name=theme]");
      if (!wanted) return;
      event.preventDefault();
      this.set(wanted.value);
      this.menu().open = false;
      this.menu().querySelector("summary")?.focus();
    });
    this.press();
  }

  /** Keep the theme while an emergency is open: eyes must not adapt anew then. */
  lock(locked: boolean): void {
    this.locked = locked;
  }

  next(): void {
    const at = THEMES.indexOf(document.documentElement.dataset["theme"] ?? "day");
    this.set(THEMES[(at + 1) % THEMES.length] ?? "day");
  }

  private menu(): HTMLDetailsElement {
    return need<HTMLDetailsElement>("details.theme");
  }

  private set(theme: string): void {
    if (this.locked) {
      need("#say-polite").textContent = word("theme-kept");
      return;
    }
    document.documentElement.dataset["theme"] = theme;
    this.painted();
    this.press();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.keep(theme), 400);
  }

  private press(): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>("#theme-form button[name=theme]")) {
      button.setAttribute("aria-pressed", String(button.value === document.documentElement.dataset["theme"]));
    }
  }

  /** Tell the account, so that the next desk shows the same. */
  private async keep(theme: string): Promise<void> {
    const form = need<HTMLFormElement>("#theme-form"), facts = new FormData(form);
    facts.set("theme", theme);
    await fetch(form.action, { method: "POST", body: facts, headers: { "HX-Request": "true" }, redirect: "manual" });
  }
}
