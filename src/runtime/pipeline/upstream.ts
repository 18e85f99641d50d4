import { toTimestamp } from '../../lib/clock.ts';
import type { CallError } from '../telegram/call-error.ts';
import { breakerOpen } from './breaker.ts';
import { momentOf } from './moment.ts';
import { failureOf } from './outcome.ts';
import { FAULT_RULES } from './rules.ts';
import type { Guarded, PipelineStep } from './step.ts';

/**
 * The breaker of the shard, for each try at a call: what was under way when it opened is not tried
 * again either. While it is open tries reject with a `breaker-open` CallError.
 */
export const upstream: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const ticket = beginTry(context);
  const call = prev(method, payload, signal);
  endTry(context, ticket, await failureOf(call));
  return call;
};

/** Begins a try: its ticket. Throws a `breaker-open` CallError where none may be made. */
export function beginTry({ shard, clock }: Pick<Guarded, 'shard' | 'clock'>): number {
  const nowMs = clock.monotonicMs();
  const ticket = shard.upstream.admit(nowMs);
  if (ticket !== undefined) return ticket;
  const retryAfterMs = shard.upstream.retryAfterMs(nowMs);
  const until = toTimestamp(clock.wallMs() + retryAfterMs);
  throw breakerOpen(
    retryAfterMs,
    `Telegram fails most bots of this shard, so that no call is made before ${until}. Calls go on by themselves as soon as one is answered; see whether Telegram can be reached from here.`,
  );
}

/** Ends the try with `ticket`. */
export function endTry(
  { bot, shard, clock }: Pick<Guarded, 'bot' | 'shard' | 'clock'>,
  ticket: number,
  failure: CallError | undefined,
): void {
  const verdict = failure ? FAULT_RULES[failure.fault].upstream : 'success';
  shard.upstream.ended(ticket, verdict, bot.recent, momentOf(clock));
}
