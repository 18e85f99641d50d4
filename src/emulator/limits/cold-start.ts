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

/**
 * The server loads a bot at its first call, so many a minute and an hour for one source address. A
 * token that opens nothing is loaded as well, if only to be refused. The published server refills
 * a bucket (`ClientManager::send`): who keeps to these windows keeps to the bucket. Starts with
 * nothing loaded. Pure: time comes in with each call.
 */
export class ColdStart {
  readonly #figures: ColdStartFigures;
  /** Until when each token stays loaded, the one used longest ago first. */
  readonly #loadedUntilMs = new Map<string, number>();
  readonly #windows = new Map<string, readonly SlidingWindow[]>();

  constructor(figures: ColdStartFigures) {
    this.#figures = figures;
  }

  /** How long the caller must wait; 0 loads the token where it wasn't. */
  admit({ token, address, opens, nowMs }: ArrivingCall): number {
    const untilMs = this.#loadedUntilMs.get(token) ?? Number.NEGATIVE_INFINITY;
    if (nowMs < untilMs) return 0;
    const windows = this.#windowsOf(address);
    const waitMs = Math.max(...windows.map((window) => window.waitMs(nowMs)));
    if (waitMs > 0) return waitMs;
    for (const window of windows) window.add(nowMs);
    this.#forgetIdle(nowMs);
    const { loadedSeconds, deadTokenSeconds } = this.#figures;
    this.#keepFor(token, opens ? loadedSeconds : deadTokenSeconds, nowMs);
    return 0;
  }

  /** A token that opens a bot was in use until now. */
  use(token: string, nowMs: number): void {
    this.#keepFor(token, this.#figures.loadedSeconds, nowMs);
  }

  /** The server has let go of the bot: its next call is a first one again. */
  unload(token: string): void {
    this.#loadedUntilMs.delete(token);
  }

  #keepFor(token: string, seconds: number, nowMs: number): void {
    // Taken out first, so that it stands behind those that were used before it.
    this.#loadedUntilMs.delete(token);
    this.#loadedUntilMs.set(token, nowMs + seconds * 1_000);
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
    for (const [token, untilMs] of this.#loadedUntilMs) {
      if (untilMs > nowMs) return;
      this.#loadedUntilMs.delete(token);
    }
  }
}
