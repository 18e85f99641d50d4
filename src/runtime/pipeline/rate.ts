import type { CallError } from '../telegram/call-error.ts';
import type { BotTurn } from './rates/bot-rates.ts';
import type { FleetTurn } from './rates/fleet-rate.ts';
import type { Call, PipelineStep, StepEnd } from './step.ts';

/**
 * Makes each call when it is its turn: first within the limits of its bot and its chat, then within
 * those of the fleet, since a turn of the fleet's is good for that moment only. When Telegram asks
 * to slow down meanwhile, the call goes back to where it waits for that. Costs a call nothing but
 * arithmetic where nobody waits.
 */
export const rate: PipelineStep = (call) => {
  const { rates } = call.context.bot;
  const turn = rates.turn(call, call);
  const end = (fleetTurn: FleetTurn | undefined): StepEnd => {
    return (failure) => {
      notePause(call, turn, failure);
      fleetTurn?.end();
      rates.leave(turn);
      return undefined;
    };
  };
  const entered = enter(call, turn);
  if (!(entered instanceof Promise)) return end(entered);
  return entered.then(end, (error) => {
    rates.leave(turn);
    throw error;
  });
};

type MaybeTurn = FleetTurn | undefined;

function enter(call: Call, turn: BotTurn): MaybeTurn | Promise<MaybeTurn> {
  const { bot, shard } = call.context;
  const entering = bot.rates.enter(turn, call.signal);
  if (!entering) return acquire(call, turn);
  const waiting = shard.rateWaits.during(bot.rates.limitOf(turn), entering);
  return waiting.then(() => acquire(call, turn));
}

function acquire(call: Call, turn: BotTurn): MaybeTurn | Promise<MaybeTurn> {
  const { fleetRate, rateWaits } = call.context.shard;
  const acquiring = fleetRate.acquire(turn, call.signal);
  if (!(acquiring instanceof Promise)) return depart(call, turn, acquiring);
  const waiting = rateWaits.during('fleet', acquiring);
  return waiting.then((fleetTurn) => depart(call, turn, fleetTurn));
}

/** Sends the call off, or back to the start where a pause has begun meanwhile. */
function depart(call: Call, turn: BotTurn, fleetTurn: MaybeTurn): MaybeTurn | Promise<MaybeTurn> {
  if (call.context.bot.rates.send(turn)) return fleetTurn;
  fleetTurn?.end();
  return enter(call, turn);
}

function notePause({ context }: Call, turn: BotTurn, failure: CallError | undefined): void {
  if (failure?.fault !== 'rate-limited') return;
  const { bot, shard, clock } = context;
  const isWide = bot.rates.pause(turn, failure.retryAfterMs ?? 0);
  context.onPause();
  shard.rateWaits.paused(isWide);
  if (isWide) shard.throttledBots.note(bot, clock.monotonicMs());
}
