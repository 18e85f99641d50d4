import { type Cooldown, cooldownLeftMs } from '../../../api/cooldown.ts';
import { fromTimestamp, toTimestamp } from '../../../lib/clock.ts';
import type { Moment } from '../moment.ts';

/** A pause that Telegram has asked for. */
export interface Pause {
  /** When it ends, by the monotonic clock. */
  readonly untilMs: number;
  /** From when to when it lasts, for people and for who runs the bot next. */
  readonly sinceWallMs: number;
  readonly untilWallMs: number;
}

/** The pause of who was never asked for one. */
export const NO_PAUSE: Pause = {
  untilMs: Number.NEGATIVE_INFINITY,
  sinceWallMs: Number.NEGATIVE_INFINITY,
  untilWallMs: Number.NEGATIVE_INFINITY,
};

/** `before`, or one that begins now where that ends later. */
export function extended(before: Pause, forMs: number, { monotonicMs, wallMs }: Moment): Pause {
  const untilMs = monotonicMs + forMs;
  if (!(untilMs > before.untilMs)) return before;
  return { untilMs, sinceWallMs: wallMs, untilWallMs: wallMs + forMs };
}

/** What is left of a pause that was told before; none where it is over or makes no sense. */
export function resumed(cooldown: Cooldown, now: Moment): Pause {
  const leftMs = cooldownLeftMs(cooldown, now.wallMs);
  if (leftMs === 0) return NO_PAUSE;
  const untilWallMs = now.wallMs + leftMs;
  // So that it is told as it was: where it ends later by this clock, the clocks differ.
  const isSame = untilWallMs === fromTimestamp(cooldown.until);
  const sinceWallMs = isSame ? fromTimestamp(cooldown.since) : now.wallMs;
  return { untilMs: now.monotonicMs + leftMs, sinceWallMs, untilWallMs };
}

/** As it is told: in whole seconds, and no shorter than it is. */
export function cooldownOf({ sinceWallMs, untilWallMs }: Pause): Cooldown {
  const until = toTimestamp(Math.ceil(untilWallMs / 1_000) * 1_000);
  return { since: toTimestamp(sinceWallMs), until };
}
