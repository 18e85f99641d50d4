import { beforeEach, describe, expect, test } from 'vitest';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { StartQueue, type StartRank } from '../../../src/runtime/bot/start-queue.ts';
import { CallError, type CallFault } from '../../../src/runtime/telegram/call-error.ts';
import { createLog } from '../../../src/telemetry/log.ts';

let clock: AdjustableClock;
let log: string;
let queue: StartQueue;
beforeEach(() => {
  clock = new AdjustableClock();
  log = '';
  const destination = { write: (line: string) => void (log += line) };
  queue = new StartQueue(
    { clock, log: createLog({ level: 'info', format: 'json', destination }) },
    2,
  );
});

/** Bots that stand in line, and whose turn it is. */
class Line {
  readonly asking: string[] = [];
  readonly #ends = new Map<string, (error?: Error) => void>();

  /** `uid` begins with its rank. */
  async join(uid: string, signal = new AbortController().signal): Promise<void> {
    const [rank] = uid.split(' ') as [StartRank];
    const ask = (): Promise<void> =>
      new Promise((resolve, reject) => {
        this.asking.push(uid);
        this.#ends.set(uid, (error) => (error ? reject(error) : resolve()));
      });
    await queue.pass({ uid, rank }, ask, signal);
  }

  /** Has everybody join; how it ends for them is not asked. */
  fill(...uids: readonly string[]): void {
    for (const uid of uids) this.join(uid).catch(() => undefined);
  }

  async end(uid: string, error?: Error): Promise<void> {
    this.asking.splice(this.asking.indexOf(uid), 1);
    this.#ends.get(uid)?.(error);
    await clock.advanceAsync(0);
  }
}

const failure = (fault: CallFault, retryAfterMs?: number) =>
  new CallError(fault, fault, {
    mayHaveHappened: false,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
const putOff = (seconds: number) => failure('rate-limited', seconds * 1_000);

test('so many ask at once; the others follow by rank, and in order among equals', async () => {
  const line = new Line();
  line.fill('new 1', 'new 2', 'dead 1', 'suspect 1', 'new 3', 'new 4', 'known 1', 'asked 1');
  await clock.advanceAsync(0);
  expect(line.asking).toEqual(['new 1', 'new 2']);
  const order: string[] = [];
  while (line.asking.length > 0) {
    const [next = ''] = line.asking;
    order.push(next);
    await line.end(next);
  }
  expect(order.join(', ')).toBe('new 1, new 2, asked 1, known 1, new 3, new 4, suspect 1, dead 1');
});

test('who gives up leaves the line; who has begun does not count as gone', async () => {
  const line = new Line();
  line.fill('new 1', 'new 2');
  const stop = new AbortController();
  const left = line.join('new 3', stop.signal);
  line.fill('new 4');
  stop.abort(new Error('stopped'));
  await expect(left).rejects.toThrow('stopped');
  await expect(line.join('new 5', stop.signal)).rejects.toThrow('stopped');
  await line.end('new 1');
  expect(line.asking).toEqual(['new 2', 'new 4']);
});

describe('when Telegram puts off', () => {
  test('one bot, the others go on', async () => {
    const line = new Line();
    line.fill('new 1', 'new 2', 'new 3', 'new 4');
    await clock.advanceAsync(0);
    await line.end('new 1', putOff(60));
    expect(line.asking).toEqual(['new 2', 'new 3']);
    line.fill('new 1');
    await line.end('new 2');
    await line.end('new 3');
    expect(line.asking).toEqual(['new 4', 'new 1']);
    await line.end('new 1', putOff(60));
    line.fill('new 5');
    await clock.advanceAsync(0);
    expect(line.asking).toEqual(['new 4', 'new 5']);
    expect(log).toBe('');
  });

  test('two, the line rests as long as Telegram says, and comes back one at a time', async () => {
    const line = new Line();
    line.fill('new 1', 'new 2', 'new 3', 'new 4', 'new 5', 'asked 1');
    await clock.advanceAsync(0);
    await line.end('new 1', putOff(10));
    await line.end('new 2', putOff(40));
    await line.end('asked 1', putOff(20));
    expect(line.asking).toEqual([]);
    expect(log).toContain('Telegram takes no more bots for 40 s');
    await clock.advanceAsync(39_999);
    expect(line.asking).toEqual([]);
    await clock.advanceAsync(1);
    // Who was put off with the others keeps the place in line.
    expect(line.asking).toEqual(['asked 1']);
    // Not back at its full width: one more is enough.
    await line.end('asked 1', putOff(5));
    await clock.advanceAsync(4_999);
    expect(line.asking).toEqual([]);
    await clock.advanceAsync(1);
    expect(line.asking).toEqual(['asked 1']);
    await line.end('asked 1');
    expect(line.asking).toEqual(['new 2', 'new 3']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('tokens that were refused before', () => {
  /** Ends everything that asks; returns what did. */
  async function endAll(line: Line, error?: Error): Promise<string[]> {
    const ended: string[] = [];
    for (let [next] = line.asking; next !== undefined; [next] = line.asking) {
      ended.push(next);
      await line.end(next, error);
    }
    return ended;
  }
  const dead = Array.from({ length: 40 }, (_, index) => `dead ${index}`);

  test('are asked about twice a minute while they stay refused, and harm no other', async () => {
    const line = new Line();
    line.fill(...dead);
    await clock.advanceAsync(0);
    expect(await endAll(line, failure('unauthorized'))).toHaveLength(4);
    for (let minute = 0; minute < 5; minute++) {
      let asked = 0;
      for (let half = 0; half < 2; half++) {
        await clock.advanceAsync(30_000);
        asked += (await endAll(line, failure('unauthorized'))).length;
        line.fill(`new ${minute} ${half}`);
        await clock.advanceAsync(0);
        expect(await endAll(line)).toEqual([`new ${minute} ${half}`]);
      }
      expect(asked).toBe(2);
    }
  });

  test('cost nothing where Telegram knows them again, or could not be asked', async () => {
    const line = new Line();
    line.fill(...dead);
    await clock.advanceAsync(0);
    const ended = [...(await endAll(line))];
    expect(ended).toEqual(dead);
    line.fill(...dead);
    await clock.advanceAsync(0);
    expect(await endAll(line, failure('network'))).toEqual(dead);
  });

  test('after hours of peace they get no more than their burst', async () => {
    const line = new Line();
    await clock.advanceAsync(10 * 3_600_000);
    line.fill(...dead);
    await clock.advanceAsync(0);
    expect(await endAll(line, failure('unauthorized'))).toHaveLength(4);
  });
});
