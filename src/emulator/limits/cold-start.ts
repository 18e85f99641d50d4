import type { ColdStartFigures } from './settings.ts';
import { SlidingWindow } from './sliding-window.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A call that has come. */
export interface ArrivingCall {
  readonly token: string;
  /** Where it came from. */
  readonly address: string;
  /** Whether the token opens a bot. */
  readonly opens: boolean;
  readonly nowMs: number;
}

interface Loaded {
  readonly opens: boolean;
  readonly untilMs: number;
}

/**
 * The server loads a bot at its first call, so many a minute and an hour for one source address. A
 * token that opens nothing is loaded as well, if only to be refused. The published server refills
 * a bucket (`ClientManager::send`): who keeps to these windows keeps to the bucket. Starts with
 * nothing loaded. Pure: time comes in with each call.
 */
export class ColdStart {
  readonly #figures: ColdStartFigures;
  /** What is loaded by token, the one used longest ago first. */
  readonly #loaded = new Map<string, Loaded>();
  readonly #windows = new Map<string, readonly SlidingWindow[]>();

  constructor(figures: ColdStartFigures) {
    this.#figures = figures;
  }

  /** How long the caller must wait; 0 loads the token where it wasn't. */
  admit({ token, address, opens, nowMs }: ArrivingCall): number {
    const loaded = this.#loaded.get(token);
    if (loaded?.opens === opens && nowMs < loaded.untilMs) return 0;
    const windows = this.#windowsOf(address);
    const waitMs = Math.max(...windows.map((window) => window.waitMs(nowMs)));
    if (waitMs > 0) return waitMs;
    for (const window of windows) window.add(nowMs);
    this.#forgetIdle(nowMs);
    this.#keep(token, opens, nowMs);
    return 0;
  }

  /** A token that opens a bot was in use until now. */
  use(token: string, nowMs: number): void {
    this.#keep(token, true, nowMs);
  }

  /** The server has let go of the bot: its next call is a first one again. */
  unload(token: string): void {
    this.#loaded.delete(token);
  }

  #keep(token: string, opens: boolean, nowMs: number): void {
    const { loadedSeconds, deadTokenSeconds } = this.#figures;
    const seconds = opens ? loadedSeconds : deadTokenSeconds;
    // Taken out first, so that it stands behind those that were used before it.
    this.#loaded.delete(token);
    this.#loaded.set(token, { opens, untilMs: nowMs + seconds * 1_000 });
  }

  #windowsOf(address: string): readonly SlidingWindow[] {
    const { perMinute, perHour } = this.#figures;
    let windows = this.#windows.get(address);
    if (!windows) {
      windows = [new SlidingWindow(perMinute, MINUTE_MS), new SlidingWindow(perHour, HOUR_MS)];
      this.#windows.set(address, windows);
    }
    return windows;
  }

  #forgetIdle(nowMs: number): void {
    for (const [token, { untilMs }] of this.#loaded) {
      if (untilMs > nowMs) return;
      this.#loaded.delete(token);
    }
  }
}
