import type { CallError } from '../telegram/call-error.ts';
import { momentOf } from './moment.ts';
import { failureOf } from './outcome.ts';
import type { Guarded, PipelineStep } from './step.ts';

/** Measures each try at a call for the bot's health. */
export const health: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const begunMs = context.clock.monotonicMs();
  const call = prev(method, payload, signal);
  const failure = await failureOf(call);
  recordHealth(context, failure, context.clock.monotonicMs() - begunMs);
  return call;
};

/**
 * A try ended with `failure`, or well, after `responseMs`; undefined where that does not tell how
 * fast Telegram is, as with a poll.
 */
export function recordHealth(
  { bot, clock, onStateChange }: Guarded,
  failure: CallError | undefined,
  responseMs: number | undefined,
): void {
  bot.health.ended(failure, responseMs, momentOf(clock));
  if (bot.takeChange()) onStateChange();
}
