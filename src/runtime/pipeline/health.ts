import { momentOf } from './moment.ts';
import type { GuardStep } from './step.ts';

/** Measures each try at a call. That of a poll tells only whether it works, not how fast Telegram is. */
export const health: GuardStep = ({ context, method }) => {
  const { bot, clock } = context;
  const begunMs = clock.monotonicMs();
  return (failure) => {
    const now = momentOf(clock);
    const responseMs = method === 'getUpdates' ? undefined : now.monotonicMs - begunMs;
    bot.health.ended(failure, responseMs, now);
    if (responseMs !== undefined) context.onTried(method, failure, responseMs);
    if (bot.takeChange()) context.onStateChange();
    return undefined;
  };
};
