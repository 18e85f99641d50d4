import { expect } from 'vitest';
import { seededRandom } from '../../src/lib/random.ts';
import { orderTea, WAITER } from './handlers.ts';
import {
  answer,
  condition,
  conditionIs,
  confirmed,
  polling,
  readyBot,
  type Scenario,
  say,
  statuses,
  statusWhere,
} from './steps.ts';
import { PATIENCE_MS } from './world.ts';

const ODD_UPDATES: readonly Record<string, unknown>[] = [
  {},
  { message: null },
  { message: 7 },
  { message: { text: 5, chat: {} } },
  { callback_query: { id: {}, data: [] } },
  { chat_join_request: { chat: null, from: 'x' } },
  { something_new: { from: { id: 1 } } },
];

/** The costliest there is room for: what it has seen takes one of 2^900 states. */
const COSTLY = Array.from({ length: 100 }, () => ({
  text: { pattern: 'a[ab]{900}[^ab]', reply: { text: 'never' } },
}));

/** How bots begin, stop and meet trouble. */
export function lifecycleScenarios(scenario: Scenario): void {
  scenario('a bot is started anew on command, and its counters go on', async (world) => {
    const bot = await readyBot(world, 'fresh');
    expect(await answer(world, bot)).toBe('I am fresh');
    expect(await world.command('restart', 'fresh')).toMatchObject({ code: 0 });
    const { counters } = await statusWhere(
      world,
      'fresh',
      (found) => found.phase === 'Running' && found.handledRequests?.restart !== undefined,
    );
    expect(counters).toMatchObject({ handled: 1, replies: 1 });
    expect(await answer(world, bot)).toBe('I am fresh');
  });

  scenario('one that is suspended rests, and then answers what waited', async (world) => {
    const bot = await readyBot(world, 'resting');
    await world.setSpec('resting', { suspended: true });
    const status = await statusWhere(world, 'resting', ({ phase }) => phase === 'Suspended');
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'Suspended' });
    const since = await world.emulator.lastCallSeq();
    const waiting = answer(world, bot);
    await world.setSpec('resting', {});
    expect(await waiting).toBe('I am resting');
    const [first] = await world.emulator.calls({ bot: bot.id, since });
    expect(first?.method).toBe('getMe');
  });

  scenario('another poller is told of and not fought', async (world) => {
    const bot = await readyBot(world, 'contested');
    await polling(world, bot);
    const outsider = world.call(bot.token, 'getUpdates', { timeout: 50 });
    await conditionIs(world, 'contested', ['Conflict', 'True']);
    expect(await conditionIs(world, 'contested', ['Ready', 'False'])).toMatchObject({
      reason: 'AnotherPoller',
    });
    const answered = answer(world, bot);
    await outsider;
    expect(await answered).toBe('I am contested');
    await conditionIs(world, 'contested', ['Conflict', 'False']);
    const polls = await world.emulator.calls({ bot: bot.id, method: 'getUpdates' });
    expect(statuses(polls).filter((status) => status === 409).length).toBeLessThanOrEqual(3);
  });

  scenario('updates of any shape are done with, and harm nobody', async (world) => {
    const bot = await readyBot(world, 'robust', WAITER);
    for (const body of ODD_UPDATES) await world.emulator.sendRawUpdate({ bot: bot.id, body });
    expect(await answer(world, bot)).toBe('Hello');
    await confirmed(world, bot);
    const { phase, restarts } = await world.status('robust');
    expect({ phase, restarts: restarts ?? 0 }).toEqual({ phase: 'Running', restarts: 0 });
  });

  scenario('a handler over its time is cut off, and its chat goes on', async (world) => {
    const bot = await readyBot(world, 'waiter', WAITER);
    await orderTea(world, bot, async () => {
      // Each call takes less than it may, all together more than a handler may.
      for (const method of ['editMessageText', 'sendMessage', 'answerCallbackQuery']) {
        const effect = { kind: 'delay', delayMs: 25_000 } as const;
        await world.emulator.addFault({ bot: bot.id, method, count: 1, effect });
      }
    });
    await say(world, bot, '/start', 'bea');
    const { lastError } = await statusWhere(
      world,
      'waiter',
      ({ counters }) => counters?.skipped === 1,
      PATIENCE_MS,
    );
    expect(lastError?.message).toContain('took too long, so it was cut off');
    await confirmed(world, bot);
  });

  scenario(
    'one that floods the process is stopped in words, and starts with another spec',
    async (world) => {
      await world.setFleet();
      const neighbour = await readyBot(world, 'neighbour');
      const bot = await readyBot(world, 'flooder', { handlers: COSTLY });
      const random = seededRandom(1);
      const text = Array.from({ length: 4_096 }, () => (random() < 0.5 ? 'a' : 'b')).join('');
      for (let user = 0; user < 20; user++) await say(world, bot, text, `flooder_${user}`);
      expect(await answer(world, neighbour)).toBe('I am neighbour');
      const { lastError } = await statusWhere(world, 'flooder', ({ phase }) => phase === 'Crashed');
      expect(lastError?.message).toMatch(/took \d+ % of the time that it shares with other bots/);
      expect((await world.status('neighbour')).restarts ?? 0).toBe(0);
      await world.setSpec('flooder', {});
      expect(await answer(world, bot)).toBe('I am flooder');
    },
  );
}
