import { type BackoffPolicy, equalJitterMs } from '../../lib/backoff.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import type { Random } from '../../lib/random.ts';
import { type CallError, classifyThrown } from '../telegram/call-error.ts';

const TROUBLE_BACKOFF: BackoffPolicy = { initialMs: 500, maxMs: 30_000 };
const CONFLICT_BACKOFF: BackoffPolicy = { initialMs: 5_000, maxMs: 60_000 };

/** What {@link insist} works with. */
export interface Insistence {
  readonly clock: Clock;
  readonly random: Random;
  /** Hears of each failure after which the call is made again. */
  readonly onTrouble: (error: CallError) => void;
}

/**
 * Makes a call until it succeeds or `signal` aborts, with growing pauses; slowly after a 409, since
 * whoever else takes the bot's updates is not fought. One that was broken off is made again at once.
 * Rejects with an `unauthorized` {@link CallError} when Telegram does not know the token.
 */
export async function insist(
  call: () => Promise<void>,
  { clock, random, onTrouble }: Insistence,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      await call();
      return;
    } catch (error) {
      const failure = classifyThrown(error);
      if (failure.fault === 'unauthorized') throw failure;
      if (failure.fault === 'aborted' || signal.aborted) continue;
      onTrouble(failure);
      const policy = failure.fault === 'conflict' ? CONFLICT_BACKOFF : TROUBLE_BACKOFF;
      const delayMs = (failure.retryAfterMs ?? 0) + equalJitterMs(policy, failures++, random);
      // The abort is seen by the loop.
      await sleep(clock, delayMs, signal).catch(() => undefined);
    }
  }
}
