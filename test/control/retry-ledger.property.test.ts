import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RETRY_OUTCOMES, type RetryCount, retryKey } from '../../src/api/retry-counts.ts';
import { RetryLedger } from '../../src/control/retry-ledger.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';

const line = fc.record({
  method: fc.constantFrom('sendMessage', 'getFile'),
  category: fc.constantFrom('network', 'server'),
  outcome: fc.constantFrom(...RETRY_OUTCOMES.slice(0, 3)),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('retry'), shard: fc.nat(2), line }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('tell'), shard: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart'), shard: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset') }) },
);

/** A runtime that counts since its start. */
class Runtime {
  readonly session: string;
  readonly counts = new Map<string, RetryCount>();

  constructor(session: string) {
    this.session = session;
  }
}

test('each retry that was told counts once, whoever was started anew or reset meanwhile', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ledger = new RetryLedger(new AdjustableClock());
      const runtimes = [0, 1, 2].map((shard) => new Runtime(`${shard}.0`));
      /** Retries that nobody was told of yet, by shard; and those that count. */
      const untold: string[][] = [[], [], []];
      let counted: string[] = [];
      steps.forEach((step, index) => {
        if (step.kind === 'reset') {
          ledger.reset();
          counted = [];
          return;
        }
        const { shard } = step as { shard: number };
        const runtime = runtimes[shard] as Runtime;
        if (step.kind === 'retry') {
          const { line } = step as { line: Omit<RetryCount, 'count'> };
          const key = retryKey(line);
          const before = runtime.counts.get(key)?.count ?? 0;
          runtime.counts.set(key, { ...line, count: before + 1 });
          untold[shard]?.push(key);
        } else if (step.kind === 'tell') {
          // A request that came twice.
          for (let time = 0; time < 2; time++) {
            ledger.hear(`default/${shard}`, runtime.session, [...runtime.counts.values()]);
          }
          counted.push(...(untold[shard] ?? []));
          untold[shard] = [];
        } else {
          runtimes[shard] = new Runtime(`${shard}.${index + 1}`);
          untold[shard] = [];
        }
      });
      const shown = ledger
        .snapshot()
        .retries.flatMap((line) => Array.from({ length: line.count }, () => retryKey(line)));
      expect(shown.toSorted()).toEqual(counted.toSorted());
    }),
    { numRuns: 500 },
  );
});
