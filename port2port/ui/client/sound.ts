/* The sound of the desk. A browser stays silent until a person acts, so a shift starts with a gesture:
   it unlocks the sound, plays a test tone, and the person says whether it was heard (experience.md 0, finding 5). */

import type { Priority } from "./messages";
import { clockWords, now_ms } from "./clock";
import { need, word } from "./words";

const PULSES: Record<string, { count: number; hz: number; repeat_ms: number }> = {
  emergency: { count: 0, hz: 880, repeat_ms: 0 },
  alarm: { count: 3, hz: 784, repeat_ms: 3000 },
  warning: { count: 2, hz: 622, repeat_ms: 0 },
};
const PULSE_S = 0.16, GAP_S = 0.12, LOUD = 0.25;

export class Sound {
  private context: AudioContext | null = null;
  private steady: OscillatorNode | null = null;
  private timer = 0;
  private playing: Priority | null = null;
  private wanted: Priority | null = null;
  armed = false;

  /** What sounds now; null is quiet. */
  get sounding(): Priority | null { return this.playing; }

  constructor() {
    need("#start-shift").addEventListener("click", () => void this.test());
    need("#sound-heard").addEventListener("click", () => this.arm());
    need("#sound-again").addEventListener("click", () => void this.test());
    document.addEventListener("visibilitychange", () => this.look());
    this.badge();
  }

  /** Play the test tone and ask whether it was heard. */
  async test(): Promise<void> {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.context.onstatechange = () => this.look();
    this.pulse(3, 784);
    need<HTMLDialogElement>("#sound-dialog").showModal();
  }

  private arm(): void {
    this.armed = true;
    need<HTMLDialogElement>("#sound-dialog").close();
    this.badge(clockWords(now_ms()));
    need("#sound-badge button").focus();
    this.sound(this.wanted);
  }

  /** A sound system that was stopped by the browser is no longer armed, and says so. */
  private look(): void {
    if (!this.armed || this.context?.state === "running") return;
    this.armed = false;
    this.quiet();
    this.badge();
  }

  /** Make the one sound that is owed now; null is quiet. */
  sound(wanted: Priority | null, fresh = false): void {
    this.wanted = wanted;
    need("#sound-badge").dataset["owed"] = wanted ?? "";
    if (!this.armed || (wanted === this.playing && !fresh)) return;
    this.quiet();
    this.playing = wanted;
    const how = wanted ? PULSES[wanted] : undefined;
    if (!how) return;
    if (how.count === 0) this.hold(how.hz);
    else this.pulse(how.count, how.hz);
    if (how.repeat_ms) this.timer = window.setInterval(() => this.pulse(how.count, how.hz), how.repeat_ms);
  }

  private quiet(): void {
    clearInterval(this.timer);
    this.steady?.stop();
    this.steady = null;
    this.playing = null;
  }

  private tone(hz: number): { voice: OscillatorNode; gain: GainNode } {
    const context = this.context!, voice = context.createOscillator(), gain = context.createGain();
    voice.type = "triangle";
    voice.frequency.value = hz;
    gain.gain.value = 0;
    voice.connect(gain).connect(context.destination);
    return { voice, gain };
  }

  private hold(hz: number): void {
    if (!this.context) return;
    const { voice, gain } = this.tone(hz);
    gain.gain.value = LOUD;
    voice.start();
    this.steady = voice;
  }

  private pulse(count: number, hz: number): void {
    if (!this.context) return;
    const { voice, gain } = this.tone(hz), from = this.context.currentTime;
    for (let i = 0; i < count; i++) {
      const at = from + i * (PULSE_S + GAP_S);
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(LOUD, at + 0.01);
      gain.gain.setValueAtTime(LOUD, at + PULSE_S - 0.02);
      gain.gain.linearRampToValueAtTime(0, at + PULSE_S);
    }
    voice.start(from);
    voice.stop(from + count * (PULSE_S + GAP_S));
  }

  private badge(tested = ""): void {
    const badge = need("#sound-badge");
    badge.dataset["armed"] = this.armed ? "yes" : "no";
    need("#sound-words").textContent = this.armed ? word("sound-armed") : word("sound-off");
    need("#sound-more").textContent = this.armed ? word("sound-tested", { at: tested }) : word("sound-start");
  }
}
