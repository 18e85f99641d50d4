import { momentOf } from './moment.ts';
import type { GuardStep } from './step.ts';

/** Measures each try at a call for the bot's health. That of a poll does not tell how fast Telegram is. */
export const health: GuardStep = ({ context, method }) => {
  const { bot, clock } = context;
  const begunMs = clock.monotonicMs();
  return (failure) => {
    const now = momentOf(clock);
    const responseMs = method === 'getUpdates' ? undefined : now.monotonicMs - begunMs;
    bot.health.ended(failure, responseMs, now);
    if (bot.takeChange()) context.onStateChange();
    return undefined;
  };
};
