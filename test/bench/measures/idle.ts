import type { Measure } from '../bench.ts';
import type { GuardsWeight } from '../client-guards.ts';
import { GUARDS, OURS } from '../contestants.ts';
import { medianAndRange, table } from '../figures.ts';
import { weighBot } from '../sample.ts';

const GUARDED_BOTS = 10_000;

/**
 * What idle bots weigh that hold no poll: those whose updates come by a webhook, and the breakers
 * and limits of all bots by themselves, which must not have a timer either.
 */
export const idle: Measure = async ({ server, quick, say }) => {
  const rounds = quick ? 1 : 3;
  const bots = quick ? 400 : 2_000;
  const kilobytes: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}: ${bots} bots with webhooks …`);
    await using client = await server.start(OURS.webhook);
    kilobytes.push(await weighBot(server, client, bots));
  }
  say(`${GUARDED_BOTS} breakers and limiters …`);
  await using guards = await server.start(GUARDS);
  const { bytesABot, timers } = await guards.ask<GuardsWeight>({ bots: GUARDED_BOTS });
  return table(
    ['idle', 'memory', 'timers'],
    [
      [`one more bot with a webhook, of ${bots}`, medianAndRange(kilobytes, 'KB'), ''],
      [
        `breaker, health and limits of a bot, of ${GUARDED_BOTS}`,
        `${bytesABot} bytes`,
        `${timers}`,
      ],
    ],
  );
};
