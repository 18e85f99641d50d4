import { expect, test } from 'vitest';
import type { HistoryBatch } from '../../../src/api/history-records.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { waitFor } from '../../support/wait.ts';
import { linesOf, Oracle } from './oracle.ts';
import { Sender } from './sender.ts';
import { setStage } from './stage.ts';

const LEADERS = 12;

test('leaders that change under load lose nothing and double nothing, and one that was deposed writes nothing', async () => {
  const { rows, another } = await setStage();
  const random = seededRandom(3);
  const oracle = new Oracle();
  let leader = another({ term: 1 });
  let former = leader;
  const lateAnswers: string[] = [];
  /** Some runtimes have not heard of the new leader yet. */
  const send = async (batch: HistoryBatch): Promise<void> => {
    const to = random() < 0.3 ? former : leader;
    const isDeposed = deposed.has(to);
    await to.write(batch, AbortSignal.timeout(20_000));
    if (isDeposed) lateAnswers.push(batch.session);
  };
  const deposed = new Set<typeof leader>();
  const senders = Array.from(
    { length: 4 },
    (_, index) =>
      new Sender({ session: `session-${index}`, random: seededRandom(index), oracle, send }),
  );
  const answered = () => senders.reduce((total, sender) => total + sender.answered, 0);
  const enough = new AbortController();
  const sending = Promise.all(senders.map((sender) => sender.start(enough.signal)));
  for (let term = 2; term <= LEADERS; term++) {
    const before = answered();
    await waitFor('the load', () => answered() > before + 5);
    former = leader;
    const next = another({ term });
    leader = next;
    // From when it has written once.
    const took = next.write(
      { session: `leader-${term}`, at: 0, dropped: {}, records: [] },
      AbortSignal.timeout(20_000),
    );
    await took;
    deposed.add(former);
  }
  enough.abort();
  await sending;
  expect(lateAnswers).toEqual([]);
  expect(deposed.size).toBe(LEADERS - 1);
  expect(await linesOf(rows)).toEqual(oracle.lines);
}, 60_000);
