import { breakerError } from './breaker.ts';
import type { Guarded } from './step.ts';
import { upstreamError } from './upstream.ts';

/** In how long it is worth trying a call; 0 where no breaker holds it back. */
export function heldBackMs({
  bot,
  shard,
  clock,
}: Pick<Guarded, 'bot' | 'shard' | 'clock'>): number {
  const nowMs = clock.monotonicMs();
  const ownMs = bot.breaker.retryAfterMs(bot.settings.breaker, nowMs);
  return Math.max(ownMs, shard.upstream.retryAfterMs(nowMs));
}

/**
 * Throws the `breaker-open` CallError that a call would end with now, so that no work is begun
 * whose calls could not be made.
 */
export function throwIfHeldBack(guarded: Pick<Guarded, 'bot' | 'shard' | 'clock'>): void {
  const { bot, shard, clock } = guarded;
  const nowMs = clock.monotonicMs();
  if (shard.upstream.retryAfterMs(nowMs) > 0) throw upstreamError(guarded);
  if (bot.breaker.retryAfterMs(bot.settings.breaker, nowMs) > 0) throw breakerError(guarded);
}
