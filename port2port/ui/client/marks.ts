/* Alarm marks on the map: the same marks as in the list, at the place of the alarm or on its ship. */

import type { Fleet } from "./fleet";
import { mercatorX, mercatorY, type View } from "./mercator";
import type { OpenAlarm } from "./messages";
import { word } from "./words";

const TOKENS: Record<string, string> = { emergency: "p1", alarm: "p1", warning: "p2", caution: "p3" };
const LOOKS: Record<string, string> = { unacked: "unacked", acked: "out", returned: "gone" };
const MOST = 200;
const SVG = "http://www.w3.org/2000/svg";

interface Placed { alarm: OpenAlarm; box: HTMLElement }

export class Marks {
  private placed: Placed[] = [];

  constructor(private readonly root: HTMLElement, private readonly choose: (id: string) => void) {}

  /** Take the alarms that stand open. Marks repeat the list, so they are not in the order of the keyboard. */
  set(open: OpenAlarm[]): void {
    this.placed = open.slice(0, MOST).map((alarm) => ({ alarm, box: this.draw(alarm) }));
    this.root.replaceChildren(...this.placed.map((p) => p.box));
  }

  private draw(alarm: OpenAlarm): HTMLElement {
    const box = document.createElement("button");
    box.type = "button";
    box.tabIndex = -1;
    box.className = "map-mark";
    box.title = word(`mark-${alarm.priority}`);
    const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", `mark s20 ${TOKENS[alarm.priority] ?? "p0"} ${LOOKS[alarm.state] ?? "out"}`);
    use.setAttribute("href", `#m-${alarm.priority}`);
    svg.append(use);
    box.append(svg);
    box.addEventListener("click", () => this.choose(alarm.id));
    return box;
  }

  /** Put the marks where their ships are now. */
  place(view: View, fleet: Fleet): void {
    for (const { alarm, box } of this.placed) {
      const s = alarm.track === null || alarm.track === undefined ? -1 : fleet.slot(alarm.track);
      const known = s >= 0 || (alarm.lat !== null && alarm.lon !== null);
      const x = s >= 0 ? view.x(fleet.mx[s]!) : known ? view.x(mercatorX(alarm.lon!)) : 0;
      const y = s >= 0 ? view.y(fleet.my[s]!) : known ? view.y(mercatorY(alarm.lat!)) : 0;
      const seen = known && view.sees(x, y, 16);
      box.hidden = !seen;
      if (seen) box.style.transform = `translate(${Math.round(x - 26)}px, ${Math.round(y - 26)}px)`;
    }
  }
}
