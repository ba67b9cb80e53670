/* The page's end of the stream: through the shared worker where there is one, else directly. */

import type { FromStream } from "./messages";
import { Source } from "./source";

/** Listen to the stream for as long as the page lives. */
export function listen(url: string, worker: string, hear: (message: FromStream) => void): void {
  if (typeof SharedWorker === "undefined") {
    new Source(url, hear);
    return;
  }
  const shared = new SharedWorker(worker, { name: "p2p-stream" });
  shared.port.onmessage = ({ data }: MessageEvent<FromStream>) => hear(data);
  shared.onerror = () => new Source(url, hear);
  shared.port.start();
  shared.port.postMessage({ open: url });
  addEventListener("pagehide", () => shared.port.postMessage({ leave: true }));
  addEventListener("pageshow", (event) => {
    if (event.persisted) shared.port.postMessage({ open: url });
  });
}
