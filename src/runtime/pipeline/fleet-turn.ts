import type { FleetTurn } from './rates/fleet-rate.ts';
import type { GuardStep, StepEnd } from './step.ts';

/**
 * Makes each call when it is its turn in the fleet, past the limits of its bot. Where Telegram
 * answers with a pause, that holds for the bot.
 */
export const fleetTurn: GuardStep = (call) => {
  const { bot, shard, clock } = call.context;
  const end = (turn: FleetTurn | undefined): StepEnd => {
    return (failure) => {
      if (failure?.fault === 'rate-limited') {
        bot.rates.pauseAll(call.method, failure.retryAfterMs ?? 0);
        call.context.onPause();
        shard.rateWaits.paused(true);
        shard.throttledBots.note(bot, clock.monotonicMs());
      }
      turn?.end();
      return undefined;
    };
  };
  const acquiring = shard.fleetRate.acquire(call, call.signal);
  if (!(acquiring instanceof Promise)) return end(acquiring);
  return shard.rateWaits.during('fleet', acquiring).then(end);
};
