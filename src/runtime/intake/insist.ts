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
 * What a call comes to that is made until it succeeds, with growing pauses; undefined when `signal`
 * aborts. One that was broken off is made again at once. Rejects with an `unauthorized` {@link CallError} when Telegram does not know
 * the token.
 */
export async function insist<Result>(
  call: () => Promise<Result>,
  { clock, random, onTrouble }: Insistence,
  signal: AbortSignal,
): Promise<Result | undefined> {
  for (let failures = 0; !signal.aborted; ) {
    try {
      return await call();
    } catch (error) {
      const failure = classifyThrown(error);
      if (failure.fault === 'unauthorized') throw failure;
      if (failure.fault === 'aborted' || signal.aborted) continue;
      onTrouble(failure);
      // The abort is seen by the loop.
      await sleep(clock, troublePauseMs(failure, failures++, random), signal).catch(
        () => undefined,
      );
    }
  }
  return undefined;
}

/**
 * How long to wait after `failure`, which came after so many others; long after a 409, since whoever
 * else takes the bot's updates is not fought.
 */
export function troublePauseMs(failure: CallError, failures: number, random: Random): number {
  const policy = failure.fault === 'conflict' ? CONFLICT_BACKOFF : TROUBLE_BACKOFF;
  return (failure.retryAfterMs ?? 0) + equalJitterMs(policy, failures, random);
}
