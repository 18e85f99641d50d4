import { type CallError, classifyRefusal, classifyThrown } from '../telegram/call-error.ts';
import type { BotRates, BotTurn } from './rates/bot-rates.ts';
import type { FleetTurn } from './rates/fleet-rate.ts';
import type { PipelineStep } from './step.ts';

/**
 * Makes each call when it is its turn: first within the limits of its bot and its chat, then within
 * those of the fleet, since a turn of the fleet's is good for that moment only. When Telegram asks
 * to slow down meanwhile, the call goes back to where it waits for that. Costs a call nothing but
 * arithmetic where nobody waits.
 */
export const rate: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const { rates } = context.bot;
  const { fleetRate, deadlines } = context.shard;
  const stop = (signal as AbortSignal | undefined) ?? context.signal;
  const deadlineMs = deadlines.of(payload, context.clock.monotonicMs());
  const turn = rates.turn({ method, payload }, { priority: context.priority, deadlineMs });
  let fleetTurn: FleetTurn | undefined;
  try {
    do {
      fleetTurn?.end();
      const entering = rates.enter(turn, stop);
      if (entering) await entering;
      const acquiring = fleetRate.acquire(turn, stop);
      fleetTurn = acquiring instanceof Promise ? await acquiring : acquiring;
    } while (!rates.send(turn));
    const response = await prev(method, payload, signal);
    if (!response.ok) notePause(rates, turn, classifyRefusal(response));
    return response;
  } catch (error) {
    notePause(rates, turn, classifyThrown(error));
    throw error;
  } finally {
    fleetTurn?.end();
    rates.leave(turn);
  }
};

function notePause(rates: BotRates, turn: BotTurn, failure: CallError): void {
  if (failure.fault !== 'rate-limited') return;
  rates.pause(turn, failure.retryAfterMs ?? 0);
}
