/* Trusted Types: the only two policies of this platform.
   `default` lets through addresses of our own scripts (workers) and never a piece of HTML.
   `p2p` gives htmx the fragments that our own server wrote; no other code is handed it. */

interface Policy { createHTML(text: string): unknown; createScriptURL(url: string): unknown }
interface Factory { createPolicy(name: string, rules: Record<string, (text: string) => string>): Policy }
interface HtmxInternals { initSecurity(policy: unknown, sync: unknown, async: unknown): void }
export interface Htmx {
  registerExtension(name: string, extension: Record<string, unknown>): void;
  ajax(method: string, path: string, options: Record<string, unknown>): Promise<void>;
  process(root: Element): void;
}

declare global {
  interface Window { trustedTypes?: Factory; htmx?: Htmx }
}

function ownAddress(url: string): string {
  const full = new URL(url, location.href);
  if (full.origin !== location.origin) throw new TypeError(`not our own script: ${full.origin}`);
  return full.href;
}

function refuse(): never {
  throw new TypeError("text is never run as a script here");
}

/** Set up both policies; to be called before anything starts a worker or swaps a fragment. */
export function guard(): void {
  const factory = window.trustedTypes;
  factory?.createPolicy("default", { createScriptURL: ownAddress });
  const pieces = factory?.createPolicy("p2p", { createHTML: (text) => text });
  const policy = { createHTML: (text: string) => (pieces ? pieces.createHTML(text) : text), createScript: refuseScript };
  window.htmx?.registerExtension("p2p", {
    init: (inside: HtmxInternals) => inside.initSecurity(policy, refuse, refuse),
  });
}

function refuseScript(text: string): string {
  if (text.trim() !== "") refuse();
  return text;
}
