// Plays a training run: in slices of a few milliseconds, so that a call never waits longer than that, with events at
// the rate that the page requested. It does not depend on workers, so that tests can use it directly.
import type { EngineModule } from "./module.ts";
import type { Ended, EngineEvent, Progress, Watch } from "./protocol.ts";

/** The length of a training slice, in ms. */
const SLICE = 8;
/** The same while all names are learnt, when nothing else is shown. */
const LONG_SLICE = 50;
/** Names are drawn for one in this many events, because reading takes longer than looking. */
const NAMES_EVERY = 5;
/** The weight of the newest slice in the reported steps per second. */
const FRESH = 0.1;

interface Advanced {
  done: number;
  ended: { reason: Ended["reason"]; message: string | null; step: number } | null;
}

type FromEngine = Omit<Progress, "event" | "playing" | "steps_per_second">;

export class Player {
  private playing = false;
  private ended = false;
  private limit: number | null = null;
  private watched: Watch = {};
  private sent = -Infinity;
  private events = 0;
  /** How many steps fit into a slice, and the recent number of steps per second. */
  private room = 1;
  private refitRoom = 1;
  private rate: number | null = null;
  /** When playing at a limited speed started, and the steps done since then. */
  private paceStart = 0;
  private paceSteps = 0;

  private readonly module: EngineModule;
  private readonly tell: (event: EngineEvent) => void;

  constructor(module: EngineModule, tell: (event: EngineEvent) => void) {
    this.module = module;
    this.tell = tell;
  }

  /** A run is ready for its first step. */
  begin(): void {
    this.playing = false;
    this.ended = false;
    this.rate = null;
    this.events = 0;
  }

  play(): void {
    this.playing = !this.ended;
    this.pace();
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.report();
  }

  speed(limit: number | null): void {
    this.limit = limit;
    this.pace();
  }

  watch(watched: Watch, running: boolean): void {
    this.watched = watched;
    if (running) this.report();
  }

  /** Does this many steps, in slices; other work can be done between them. */
  async step(steps: number, between: () => Promise<void>): Promise<void> {
    for (let left = steps; left > 0 && !this.ended;) {
      const asked = Math.min(left, Math.max(1, Math.floor(this.room)));
      left -= asked;
      this.advance(asked);
      if (left > 0) await between();
    }
    this.report();
  }

  /** Learns all names once the run has ended, in slices; `tell` hears which share is done. */
  async refit(tell: (done: number) => void, between: () => Promise<void>): Promise<void> {
    for (;;) {
      const start = performance.now();
      const steps = Math.max(1, Math.floor(this.refitRoom));
      const { done } = this.module.call<{ done: number }>("refit", { steps });
      if (done >= 1) return;
      const spent = Math.max(performance.now() - start, 0.01);
      this.refitRoom = Math.min(2 * steps + 1, (steps / spent) * LONG_SLICE);
      tell(done);
      await between();
    }
  }

  /** Does one slice if the run is playing: the milliseconds to wait before the next, or null if there is none. */
  slice(): number | null {
    if (!this.playing) return null;
    let steps = Math.max(1, Math.floor(this.room));
    if (this.limit !== null) {
      const due = ((performance.now() - this.paceStart) / 1000) * this.limit - this.paceSteps;
      if (due < 1) return (1000 * (1 - due)) / this.limit;
      steps = Math.min(steps, Math.floor(due));
    }
    this.advance(steps);
    this.paceSteps += steps;
    if (this.ended) return null;
    if (performance.now() - this.sent >= (this.watched.every_ms ?? 33)) this.report();
    return 0;
  }

  private pace(): void {
    this.paceStart = performance.now();
    this.paceSteps = 0;
  }

  private advance(steps: number): void {
    const start = performance.now();
    const { done, ended } = this.module.call<Advanced>("advance", { steps });
    const spent = Math.max(performance.now() - start, 0.01);
    // A slice with a validation pass takes long; the next ones quickly become large again.
    this.room = Math.max(1, Math.min(2 * this.room + 1, (done / spent) * SLICE));
    if (this.playing) {
      const rate = (1000 * done) / spent;
      this.rate = this.rate === null ? rate : this.rate + FRESH * (rate - this.rate);
    }
    if (ended === null || this.ended) return;
    this.playing = false;
    this.ended = true;
    this.report();
    const message = ended.message === null ? {} : { message: ended.message };
    this.tell({ event: "ended", reason: ended.reason, step: ended.step, ...message });
  }

  /** Reports the state of the run. */
  private report(): void {
    const { names = 0, plane = false, inspect = null } = this.watched;
    const due = !this.playing || this.events % NAMES_EVERY === 0;
    const give = { names: due ? names : 0, plane, inspect };
    const back = this.module.call<FromEngine>("progress", give);
    this.events += 1;
    this.sent = performance.now();
    const rate = this.limit === null ? this.rate : Math.min(this.limit, this.rate ?? this.limit);
    this.tell({ event: "progress", playing: this.playing, steps_per_second: rate, ...back });
  }
}
