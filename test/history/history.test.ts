import { describe, expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/history/database-address.ts';
import { History, type HistoryOptions } from '../../src/history/history.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { Secret } from '../../src/lib/secret.ts';
import { makeLog } from '../standalone/support.ts';
import { waitFor } from '../support/wait.ts';
import { makeDatabase } from './databases.ts';
import { batch, snapshot, transition } from './writer/records.ts';

const directory = {
  find: (uid: string) => (uid === 'uid-1' ? { namespace: 'team', name: 'one' } : undefined),
};
const signal = AbortSignal.timeout(60_000);

/** A history that is kept until the test is over, or `stop` has resolved. */
function keep(options: Pick<HistoryOptions, 'address'> & Partial<HistoryOptions>) {
  const { log, lines } = makeLog();
  const random = seededRandom(1);
  const history = new History({ clock: systemClock, random, log, directory, ...options });
  const end = new AbortController();
  const ended = history.start(end.signal);
  const stop = (): Promise<void> => {
    end.abort();
    return ended;
  };
  onTestFinished(stop);
  const kept = () => waitFor('it to be kept', () => history.availability().reason === 'Kept');
  return { history, lines, stop, kept };
}

describe('a history', () => {
  test('makes its tables, keeps what is told, and the next leader goes on from there', async () => {
    const database = await makeDatabase();
    const address = async () => database.address;
    const first = keep({ address });
    await first.kept();
    expect(first.history.lastKnown('uid-1')).toBeUndefined();
    const at = Date.now();
    const told = [
      snapshot(1, { at: at - 1_000, updates: 3 }),
      snapshot(2, { at, updates: 5, health: 'Degraded' }),
    ];
    await first.history.write(batch([...told, transition(3)], { at }), signal);

    const next = keep({ address });
    await next.kept();
    expect(next.history.lastKnown('uid-1')).toMatchObject({
      counters: { updates: 5 },
      health: { state: 'Degraded' },
      breaker: { state: 'Closed' },
    });
    expect(next.history.lastKnown('uid-2')).toBeUndefined();
    await expect(first.history.write(batch([snapshot(4)]), signal)).rejects.toMatchObject({
      code: 'HISTORY_AWAY',
    });
    await next.history.write(batch([snapshot(4)]), signal);
  });

  test('waits for a database that is not there, in words, and asks for its address anew', async () => {
    const database = await makeDatabase();
    const nobody = parseDatabaseUrl(
      new Secret(`postgres://me:secret-of-me@127.0.0.1:${await freePort()}/history`),
    );
    let address = nobody;
    const { history, lines, kept } = keep({ address: async () => address });
    await waitFor('words', () => lines.some((line) => line.includes('no history is kept for now')));
    expect(history.availability()).toMatchObject({
      reason: 'Unavailable',
      message: expect.stringContaining('it does not answer'),
    });
    await expect(history.write(batch([snapshot(1)]), signal)).rejects.toMatchObject({
      code: 'HISTORY_AWAY',
    });
    address = database.address;
    await kept();
    await history.write(batch([snapshot(1)]), signal);
    expect(lines.join('\n')).not.toContain('secret-of-me');
  });
});
