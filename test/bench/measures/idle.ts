import type { Measure } from '../bench.ts';
import type { GuardsWeight } from '../client-guards.ts';
import { GUARDS, OURS } from '../contestants.ts';
import { median, table } from '../figures.ts';
import { type BotWeight, weighBot } from '../sample.ts';

const GUARDED_BOTS = 10_000;

/**
 * What idle bots weigh that hold no poll: those whose updates come by a webhook, and the breakers
 * and limits of all bots by themselves, which must not have a timer either. One bot weighs so little
 * that what a process takes once, its code above all, would be most of it with a few bots: it is what
 * twice as many weigh beyond as many.
 */
export const idle: Measure = async ({ server, quick, say }) => {
  const rounds = quick ? 1 : 3;
  const bots = quick ? 2_000 : 4_000;
  const weights: BotWeight[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}: ${bots} bots with webhooks, and as many more …`);
    await using client = await server.start(OURS.webhook);
    weights.push(await weighBot(server, client, { from: bots, more: bots, polls: false }));
  }
  say(`${GUARDED_BOTS} breakers and limiters …`);
  await using guards = await server.start(GUARDS);
  const { bytesABot, timers } = await guards.ask<GuardsWeight>({ bots: GUARDED_BOTS });
  return table(
    ['idle', 'memory', 'timers'],
    [
      [`one more bot with a webhook, beyond ${bots}`, kilobytes(weights, 'kilobytesABot'), ''],
      ['of it, in use of the heap', kilobytes(weights, 'heapKilobytesABot'), ''],
      [
        `breaker, health and limits of a bot, of ${GUARDED_BOTS}`,
        `${bytesABot} bytes`,
        `${timers}`,
      ],
    ],
  );
};

function kilobytes(weights: readonly BotWeight[], figure: keyof BotWeight): string {
  return `${median(weights.map((weight) => weight[figure])).toFixed(1)} KB`;
}
