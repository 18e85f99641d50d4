import { beforeEach, expect, test } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { Usage } from '../../src/runtime/usage.ts';

let clock: AdjustableClock;
let usage: Usage;

beforeEach(() => {
  clock = new AdjustableClock();
  usage = new Usage(clock);
});

const owner = () => ({ fail: () => undefined });

/** Which slices each turn of the event loop saw, where each bot begins so many at once. */
async function turnsOf(bots: Readonly<Record<string, ReturnType<typeof owner>>>, count: number) {
  let turn: string[] = [];
  const turns = [turn];
  let ended = false;
  const begunTurn = (): void => {
    turns.push((turn = []));
    if (!ended) setImmediate(begunTurn);
  };
  setImmediate(begunTurn);
  await Promise.all(
    Object.entries(bots).flatMap(([name, bot]) =>
      Array.from({ length: count }, async () => {
        await usage.turn(bot);
        usage.timed(bot, () => clock.advance(50));
        turn.push(name);
      }),
    ),
  );
  ended = true;
  return turns.filter(({ length }) => length > 0);
}

test('a bot waits for nothing until it has held the loop for 2 ms', () => {
  const bot = owner();
  for (let count = 0; count < 10; count++) {
    expect(usage.turn(bot)).toBeUndefined();
    usage.timed(bot, () => clock.advance(0.2));
  }
  expect(usage.turn(bot)).toBeInstanceOf(Promise);
  expect(usage.turn(owner())).toBeUndefined();
});

test('what a bot took is forgiven in ten times as long', () => {
  const bot = owner();
  usage.timed(bot, () => clock.advance(20));
  clock.advance(9 * 20 - 9 * 2);
  expect(usage.turn(bot)).toBeInstanceOf(Promise);
  const other = owner();
  usage.timed(other, () => clock.advance(20));
  clock.advance(9 * 20 - 9 * 2 + 1);
  expect(usage.turn(other)).toBeUndefined();
});

test('a bot that took much lets everybody else pass between its slices', async () => {
  const bot = owner();
  usage.timed(bot, () => clock.advance(20));
  expect(await turnsOf({ a: bot }, 3)).toEqual([['a'], ['a'], ['a']]);
  expect(usage.turn(owner())).toBeUndefined();
});

test('bots that took much take turns, one in a turn of the loop', async () => {
  const [a, b] = [owner(), owner()];
  for (const bot of [a, b]) usage.timed(bot, () => clock.advance(20));
  expect(await turnsOf({ a, b }, 2)).toEqual([['a'], ['b'], ['a'], ['b']]);
});
