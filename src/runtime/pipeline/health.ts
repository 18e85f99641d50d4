import type { CallError } from '../telegram/call-error.ts';
import { momentOf } from './moment.ts';
import type { Guarded, PipelineStep } from './step.ts';

/** Measures each try at a call for the bot's health. */
export const health: PipelineStep = ({ context }) => {
  const begunMs = context.clock.monotonicMs();
  return (failure) => {
    recordHealth(context, failure, context.clock.monotonicMs() - begunMs);
    return undefined;
  };
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
