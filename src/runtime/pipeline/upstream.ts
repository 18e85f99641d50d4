import { toTimestamp } from '../../lib/clock.ts';
import { CallError } from '../telegram/call-error.ts';
import { momentOf } from './moment.ts';
import { FAULT_RULES } from './rules.ts';
import type { Guarded, GuardStep } from './step.ts';

/**
 * The breaker of the shard, for each try at a call: what was under way when it opened is not tried
 * again either. While it is open tries reject with a `breaker-open` CallError.
 */
export const upstream: GuardStep = ({ context }) => {
  const ticket = beginTry(context);
  return (failure) => {
    endTry(context, ticket, failure);
    return undefined;
  };
};

/** Begins a try: its ticket. Throws a `breaker-open` CallError where none may be made. */
function beginTry(guarded: Pick<Guarded, 'shard' | 'clock'>): number {
  const ticket = guarded.shard.upstream.admit(guarded.clock.monotonicMs());
  if (ticket === undefined) throw upstreamError(guarded);
  return ticket;
}

/** Ends the try with `ticket`. */
function endTry(
  { bot, shard, clock }: Pick<Guarded, 'bot' | 'shard' | 'clock'>,
  ticket: number,
  failure: CallError | undefined,
): void {
  const verdict = failure ? FAULT_RULES[failure.fault].upstream : 'success';
  shard.upstream.ended(ticket, verdict, bot, momentOf(clock));
}

/** What a try ends with that the breaker of the shard does not let through. */
export function upstreamError({ shard, clock }: Pick<Guarded, 'shard' | 'clock'>): CallError {
  const retryAfterMs = shard.upstream.retryAfterMs(clock.monotonicMs());
  const until = toTimestamp(clock.wallMs() + retryAfterMs);
  const message = `Telegram fails most bots of this shard, so no call is made before ${until}. Calls go on by themselves as soon as one is answered; see whether Telegram can be reached from here.`;
  return new CallError('breaker-open', message, { mayHaveHappened: false, retryAfterMs });
}
