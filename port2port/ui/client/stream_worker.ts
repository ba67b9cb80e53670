/* The shared worker: ONE event source for all windows of this browser (six connections are all a host gets). */

import type { FromStream } from "./messages";
import { Source } from "./source";

interface Shared { onconnect: ((event: MessageEvent) => void) | null }

const ports = new Set<MessagePort>();
const last = new Map<string, FromStream>();
let source: Source | null = null;

function tell(message: FromStream): void {
  if (message.kind !== "tracks") last.set(message.kind, message);
  for (const port of ports) port.postMessage(message);
}

/** A window that joins late has missed the full picture: the source is opened anew for all. */
function join(port: MessagePort, url: string): void {
  ports.add(port);
  if (source && ports.size > 1) source.refresh();
  source ??= new Source(url, tell);
  for (const message of last.values()) port.postMessage(message);
}

(self as unknown as Shared).onconnect = (event: MessageEvent) => {
  const port = event.ports[0];
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<{ open?: string; leave?: true }>) => {
    if (data.open) join(port, data.open);
    if (data.leave) ports.delete(port);
  };
  port.start();
};
