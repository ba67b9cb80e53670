/* The words the page needs in the reader's language: written by the server, once, as attributes. */

const source = document.getElementById("words");

/** Give a word of the catalogue, with `{name}` filled in. */
export function word(key: string, facts: Record<string, string | number> = {}): string {
  const text = source?.getAttribute(`data-${key}`) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(facts[name] ?? whole));
}

const language = document.documentElement.lang || "en";
const oneDecimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Write a number with one decimal as the reader's language does. */
export function decimal(value: number): string {
  return oneDecimal.format(value);
}

/** Write a span in seconds as a stopwatch does. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= 86400) return `${Math.floor(whole / 86400)} d`;
  const rest = `${String(Math.floor((whole % 3600) / 60))}`;
  const last = String(whole % 60).padStart(2, "0");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${rest.padStart(2, "0")}:${last}` : `${rest}:${last}`;
}

/** Find an element that the page always has. */
export function need<T extends Element = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return found;
}
