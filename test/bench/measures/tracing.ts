import { OtlpReceiver } from '../../support/otlp-receiver.ts';
import type { Measure } from '../bench.ts';
import { OURS, traced } from '../contestants.ts';
import { median, medianAndRange, table } from '../figures.ts';
import { type Size, takeSample } from '../sample.ts';

/**
 * What an update costs in CPU where nothing is traced, where tracing is on but this update is none
 * of those, and where it is: with one reply, over TLS, spans sent to a collector. In turn, so that
 * whatever else the machine does meets all of them.
 */
export const tracing: Measure = async ({ server, quick, say }) => {
  await using receiver = await OtlpReceiver.start();
  const rounds = quick ? 1 : 3;
  const size: Size = quick
    ? {
        bots: 100,
        warming: { updates: 8_000, perSecond: 2_000 },
        measured: { updates: 1_000, perSecond: 500 },
      }
    : {
        bots: 200,
        warming: { updates: 20_000, perSecond: 2_000 },
        measured: { updates: 5_000, perSecond: 500 },
      };
  const contestants = [
    { ...OURS.http1, name: 'tracing off' },
    ...[0, 0.1, 1].map((ratio) => traced(receiver.endpoint, ratio)),
  ];
  const micros = contestants.map((): number[] => []);
  for (let round = 1; round <= rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      say(`round ${round} of ${rounds}: ${contestant.name} …`);
      const { microsAnUpdate } = await takeSample(server, contestant, size);
      micros[index]?.push(microsAnUpdate);
      // A collector keeps them elsewhere.
      receiver.bodies.length = 0;
    }
  }
  const off = median(micros[0] ?? []);
  const rows = contestants.map(({ name }, index) => {
    const own = micros[index] ?? [];
    return [name, medianAndRange(own, 'µs'), `×${(median(own) / off).toFixed(2)}`];
  });
  const { bots, warming, measured } = size;
  return [
    `${bots} bots; ${measured.updates} updates at ${measured.perSecond} a second, after ${warming.updates} others; median of ${rounds} rounds (lowest–highest).`,
    '',
    table(['over TLS, HTTP/1.1', 'CPU for one update with one reply', 'to off'], rows),
  ].join('\n');
};
