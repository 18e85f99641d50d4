import { errorMessage } from '../../../src/lib/errors.ts';
import type { Measure } from '../bench.ts';
import { type Contestant, PLAIN_GRAMMY } from '../contestants.ts';
import { median, medianAndRange, table } from '../figures.ts';
import { type Sample, type Size, type Traffic, takeSample } from '../sample.ts';

/**
 * A runtime runs for weeks: what an update costs is measured when that falls no more. It takes V8
 * some 30,000 updates to make everything fast; Go has no such phase, and is treated alike.
 */
const WARMING: Traffic = { updates: 40_000, perSecond: 2_000 };
/** Far too short for that. */
const QUICK_WARMING: Traffic = { updates: 8_000, perSecond: 2_000 };

/**
 * What one update with one reply costs in CPU, and one more idle polling bot in memory. The
 * contestants take turns, so that whatever else the machine does meets all of them. One that fails
 * is out from then on, with words.
 */
export const polling: Measure = async ({ server, contestants, quick, say }) => {
  const rounds = quick ? 1 : 3;
  const size: Size = quick
    ? { bots: 200, warming: QUICK_WARMING, measured: { updates: 1_000, perSecond: 500 } }
    : { bots: 1_000, warming: WARMING, measured: { updates: 5_000, perSecond: 500 } };
  const samples = new Map<Contestant, Sample[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [contestant, taken] of samples) {
      say(`round ${round} of ${rounds}: ${contestant.name} …`);
      try {
        taken.push(await takeSample(server, contestant, size));
      } catch (error) {
        say(`without ${contestant.name}: ${errorMessage(error)}`);
        samples.delete(contestant);
      }
    }
  }
  const { bots, warming, measured } = size;
  return [
    `${bots} bots; ${measured.updates} updates at ${measured.perSecond} a second, after ${warming.updates} others${quick ? ': not yet steady' : ''}; median of ${rounds} rounds (lowest–highest), and the ratio to plain grammY's.`,
    '',
    tableOf(samples),
  ].join('\n');
};

function tableOf(samples: ReadonlyMap<Contestant, readonly Sample[]>): string {
  const baseline = samples.get(PLAIN_GRAMMY) ?? [];
  const cell = (own: readonly Sample[], figure: keyof Sample, unit: string): string => {
    const values = own.map((sample) => sample[figure]);
    const ratio = median(values) / median(baseline.map((sample) => sample[figure]));
    return `${medianAndRange(values, unit)}, ×${ratio.toFixed(2)}`;
  };
  return table(
    [
      'over TLS',
      'CPU for one update with one reply',
      'of the first ones',
      'memory of one more idle bot',
    ],
    [...samples].map(([{ name }, own]) => [
      name,
      cell(own, 'microsAnUpdate', 'µs'),
      cell(own, 'coldMicrosAnUpdate', 'µs'),
      cell(own, 'kilobytesABot', 'KB'),
    ]),
  );
}
