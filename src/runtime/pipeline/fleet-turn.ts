import { type CallError, classifyThrown } from '../telegram/call-error.ts';
import type { Priority } from './rates/waiting-line.ts';
import type { Guarded } from './step.ts';

/** A call that goes past the pipeline. */
export interface BareCall {
  readonly method: 'getMe' | 'getUpdates';
  readonly priority: Priority;
  readonly signal: AbortSignal;
}

/**
 * Makes a call past the pipeline when it is its turn in the fleet, however long that takes. Where
 * Telegram answers with a pause, that holds for the bot. Rejects with a CallError.
 */
export async function onFleetTurn<Result>(
  { bot, shard }: Pick<Guarded, 'bot' | 'shard'>,
  { method, priority, signal }: BareCall,
  make: () => Promise<Result>,
): Promise<Result> {
  const deadlineMs = Number.POSITIVE_INFINITY;
  const acquiring = shard.fleetRate.acquire({ method, priority, deadlineMs }, signal);
  const turn = acquiring instanceof Promise ? await acquiring : acquiring;
  try {
    return await make();
  } catch (error) {
    const failure: CallError = classifyThrown(error);
    if (failure.fault === 'rate-limited') bot.rates.pauseAll(failure.retryAfterMs ?? 0);
    throw failure;
  } finally {
    turn?.end();
  }
}
