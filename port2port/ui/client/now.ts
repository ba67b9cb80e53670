/* The Now page: hears the stream and tells map, list, card, bar and sound; gives every key something to do. */

import { Bar } from "./bar";
import { Card } from "./card";
import { countOn, setClock } from "./clock";
import { Keys } from "./keys";
import { AlarmList } from "./list";
import type { Alarms, FromStream, OpenAlarm } from "./messages";
import { openPicture, type Picture } from "./picture";
import { Sound } from "./sound";
import { listen } from "./stream";
import { watchSwaps } from "./swaps";
import { Theme } from "./theme";
import { guard } from "./trusted";
import { need, word } from "./words";

guard();

const list = new AlarmList(need("#alarms"));
const bar = new Bar();
const sound = new Sound();
const theme = new Theme(() => picture?.paint());
let open: OpenAlarm[] = [];
let known = new Set<string>();
const unsaid = new Set<OpenAlarm>();

const picture: Picture | null = openPicture(need("#map"), (track) => card.openVessel(track), (id) => card.openAlarm(id));
const card = new Card(list, () => picture, (id) => open.find((alarm) => alarm.id === id));

/** Take the alarms as they stand: marks, counters and sound at once, the list as soon as it comes. */
function alarms(body: Alarms): void {
  open = body.open.map((alarm) => ({ ...alarm, track: alarm.track ?? trackOf(alarm) }));
  picture?.alarms(open);
  theme.lock(open.some((alarm) => alarm.priority === "emergency"));
  const waiting = open.filter((alarm) => alarm.state === "unacked");
  const fresh = waiting.filter((alarm) => !known.has(alarm.id));
  if (known.size && !waiting.length) bar.say(word("all-acked"));
  known = new Set(waiting.map((alarm) => alarm.id));
  for (const alarm of fresh) unsaid.add(alarm);
  sound.sound(body.sound, fresh.length > 0);
  bar.title(waiting.length);
  list.refresh();
  card.refresh();
}

/** Tell a screen reader what came, once its row can be read: grave ones at once, others when it is quiet. */
function sayNew(): void {
  const said = [...unsaid].map((alarm) => ({ alarm, text: list.says(alarm.id) })).filter((one) => one.text);
  unsaid.clear();
  const grave = said.find((one) => one.alarm.priority === "emergency" || one.alarm.priority === "alarm");
  if (grave) bar.warn(word("new-alarm", { title: grave.text }));
  else if (said[0]) bar.say(word("new-alarm", { title: said[0].text }));
}

function trackOf(alarm: OpenAlarm): number | null {
  const n = alarm.subject ? picture?.fleet.byTrack(alarm.subject) ?? -1 : -1;
  return n < 0 ? null : n;
}

function hear(message: FromStream): void {
  if (message.kind === "link") bar.link(message.body, message.since_ms);
  else if (message.kind === "hello") setClock(message.body.server_ms ?? Date.now());
  else if (message.kind === "tracks") {
    setClock(message.body.at_ms);
    bar.heard();
    picture?.take(message.body);
    bar.targets(picture?.fleet ?? null);
  } else if (message.kind === "alarms") {
    bar.heard();
    alarms(message.body);
  } else bar.beat(message.body);
}

watchSwaps(
  (event) => list.beforeSwap(event),
  (event) => {
    keys.show();
    countOn();
    if (event.ctx.target.id === "detail") card.shown(event.ctx);
    if (event.ctx.target.id === "alarm-list") {
      card.offer();
      sayNew();
    }
  },
);

const press = (id: string) => (): void => {
  const button = document.getElementById(id);
  if (button && button.getAttribute("aria-disabled") !== "true") button.click();
  else if (button?.title) bar.say(button.title);
};

const keys = new Keys({
  help: () => need<HTMLDialogElement>("#keys-dialog").showModal(),
  find: () => show("alarms", "#find"),
  "go-map": () => { show("map", "#map"); picture?.focus(); },
  "go-alarms": () => show("alarms", "#alarms"),
  next: () => list.step(1),
  previous: () => list.step(-1),
  acknowledge: press("act-acknowledge"),
  unacknowledge: press("act-unacknowledge"),
  silence: press("act-silence"),
  take: press("act-take"),
  shelve: () => card.form("shelve"),
  escalate: () => card.form("escalate"),
  note: () => card.form("note"),
  fit: () => picture?.fit(),
  theme: () => theme.next(),
  close: () => card.close(),
});

/** On a narrow screen one part is shown at a time. */
function show(view: string, focus?: string): void {
  document.body.dataset["view"] = view;
  for (const tab of document.querySelectorAll<HTMLElement>(".views button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset["shows"] === view));
  }
  if (focus) need(focus).focus();
}

document.addEventListener("click", (event) => {
  const pressed = event.target as Element;
  const shows = pressed.closest<HTMLElement>("[data-shows]")?.dataset["shows"];
  if (shows) show(shows);
  const closes = pressed.closest<HTMLElement>("[data-closes]")?.dataset["closes"];
  if (closes) card.shut(document.getElementById(closes));
  if (pressed.closest("summary[aria-disabled=true]")) event.preventDefault();
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!menu.contains(pressed)) menu.open = false;
  }
});
need("#keys-open").addEventListener("click", () => need<HTMLDialogElement>("#keys-dialog").showModal());
need("#pictures").addEventListener("click", (event) => {
  const wanted = (event.target as Element).closest<HTMLElement>("button[data-picture]")?.dataset["picture"];
  if (wanted === "live" || wanted === "replay") picture?.turn(wanted);
  bar.targets(picture?.fleet ?? null);
});
need("#fit").addEventListener("click", () => picture?.fit());
need("#find").addEventListener("input", () => list.refresh());
need("#find").closest("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  list.refresh();
});
document.addEventListener("p2p:show", (event) => show((event as CustomEvent<string>).detail));
document.addEventListener("htmx:error", () => bar.warn(word("not-saved")));

show(document.body.dataset["view"] ?? "map");
setInterval(() => {
  countOn();
  bar.tick();
}, 1000);
setInterval(() => {
  const root = document.documentElement;
  root.dataset["beat"] = root.dataset["beat"] === "odd" ? "even" : "odd";
}, 500);
setInterval(() => list.refresh(), 60000);
listen(document.body.dataset["stream"] ?? "", document.body.dataset["streamWorker"] ?? "", hear);
void picture?.open(need("#map").dataset["scene"] ?? "").then(
  () => card.first(),
  () => {
    need("#map-trouble").hidden = false;
    need("#map-trouble").textContent = word("no-scene");
    picture.withoutGround();
  },
);

declare global {
  interface Window { p2pStats: () => Record<string, unknown> }
}

window.p2pStats = () => ({
  vessels: picture?.fleet.count ?? 0, ticks: picture?.tickCount ?? 0, p95_ms: picture?.p95() ?? 0,
  stream_state: bar.state, alarms: open.length, sound_armed: sound.armed, sounding: sound.sounding,
});
