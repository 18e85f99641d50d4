import { toTimestamp } from '../../lib/clock.ts';
import { CallError } from '../telegram/call-error.ts';
import { momentOf } from './moment.ts';
import { FAULT_RULES, type Verdict } from './rules.ts';
import type { Guarded, GuardStep } from './step.ts';

/**
 * The bot's circuit breaker. A call counts once, however often it is tried. While the breaker is
 * open calls reject with a `breaker-open` CallError, and nothing reaches Telegram.
 */
export const breaker: GuardStep = ({ context }) => {
  const ticket = beginCall(context);
  return (failure) => {
    endCall(context, ticket, failure);
    return undefined;
  };
};

/** Begins a call: its ticket. Throws a `breaker-open` CallError where none may be made. */
function beginCall(guarded: Guarded): number {
  const { bot, clock } = guarded;
  const ticket = bot.breaker.admit(bot.settings.breaker, clock.monotonicMs());
  if (ticket === undefined) throw breakerError(guarded);
  if (bot.takeChange()) guarded.onStateChange();
  return ticket;
}

/** Ends the call with `ticket`. What fails while Telegram works for nobody is not the bot's. */
function endCall(guarded: Guarded, ticket: number, failure: CallError | undefined): void {
  const { bot, clock } = guarded;
  bot.breaker.ended(ticket, verdict(guarded, failure), bot.settings.breaker, momentOf(clock));
  if (bot.takeChange()) guarded.onStateChange();
}

function verdict({ shard }: Guarded, failure: CallError | undefined): Verdict {
  if (!failure) return 'success';
  const rule = FAULT_RULES[failure.fault];
  const isEverybodys = rule.upstream === 'failure' && shard.upstream.state !== 'Closed';
  return isEverybodys ? 'ignored' : rule.breaker;
}

/** What a call ends with that the bot's breaker does not let through. */
export function breakerError({ bot, clock }: Pick<Guarded, 'bot' | 'clock'>): CallError {
  const { breaker, settings } = bot;
  const retryAfterMs = breaker.retryAfterMs(settings.breaker, clock.monotonicMs());
  const until = toTimestamp(clock.wallMs() + retryAfterMs);
  const message = `${breaker.failures} calls of this bot to Telegram failed in a row, so none is made before ${until}. They go on by themselves; "tenantbot breaker reset" makes them go on at once.`;
  return new CallError('breaker-open', message, { mayHaveHappened: false, retryAfterMs });
}
