import { expect, inject, onTestFinished, test } from 'vitest';
import { seededRandom } from '../../../src/lib/random.ts';
import { waitFor } from '../../support/wait.ts';
import { startPostgres } from '../postgres-server.ts';
import { linesOf, Oracle } from './oracle.ts';
import { Sender } from './sender.ts';
import { setStage } from './stage.ts';

const KILLS = 50;
const SENDERS = 4;

test('a server that is killed fifty times in the midst of batches loses nothing, and doubles nothing', async () => {
  const server = await startPostgres(inject('postgresPrograms'));
  onTestFinished(() => server.stop());
  const { write, rows } = await setStage({}, server.url);
  const random = seededRandom(7);
  const oracle = new Oracle();
  const senders = Array.from(
    { length: SENDERS },
    (_, index) =>
      new Sender({ session: `session-${index}`, random: seededRandom(index), oracle, send: write }),
  );
  const sum = (of: 'answered' | 'refused') =>
    senders.reduce((total, sender) => total + sender[of], 0);
  const enough = new AbortController();
  const sending = Promise.all(senders.map((sender) => sender.start(enough.signal)));
  for (let kill = 0; kill < KILLS; kill++) {
    const before = sum('answered');
    await waitFor('the load', () => sum('answered') > before);
    await new Promise((resolve) => {
      setTimeout(resolve, random() * 25);
    });
    await server.kill();
    await server.restart();
  }
  enough.abort();
  await sending;
  expect(await linesOf(rows)).toEqual(oracle.lines);
  // It was in the midst of something.
  expect(sum('refused')).toBeGreaterThan(KILLS / 2);
}, 180_000);
