import { expect } from 'vitest';
import {
  answer,
  calls,
  confirmed,
  pausesMs,
  ready,
  readyBot,
  type Scenario,
  say,
  statuses,
  statusWhere,
} from './steps.ts';
import type { ScenarioWorld } from './world.ts';

type Effect = Parameters<ScenarioWorld['emulator']['addFault']>[0]['effect'];

/** No handler waits for long pauses, so that the bot can end. */
const IMPATIENT = { retry: { rateLimit: { maxRetryAfter: '1s' } } };

/** Calls to Telegram that fail for a while. */
export function retryScenarios(scenario: Scenario): void {
  scenario('what fails for a moment is tried again, and answered once', async (world) => {
    const bot = await readyBot(world, 'patient');
    await failing(world, bot.id, { kind: 'status', status: 500 }, 2);
    expect(await answer(world, bot)).toBe('I am patient');
    expect(statuses(await calls(world, bot, 'sendMessage', 3))).toEqual([500, 500, 200]);
  });

  scenario('waits grow as the strategy says', async (world) => {
    const steady = { maxRetries: 3, jitter: false, maxDelay: '2s' };
    const bot = await readyBot(world, 'fibonacci', {
      retry: { server: { ...steady, strategy: 'Fibonacci', initialDelay: '400ms' } },
    });
    await failing(world, bot.id, { kind: 'status', status: 500 }, 3);
    expect(await answer(world, bot)).toBe('I am fibonacci');
    const pauses = pausesMs(await calls(world, bot, 'sendMessage', 4));
    for (const [index, leastMs] of [400, 800, 1_200].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(leastMs - 50);
    }
  });

  scenario('what Telegram may have done is not done twice', async (world) => {
    const bot = await readyBot(world, 'careful');
    await failing(world, bot.id, { kind: 'reset', when: 'after' });
    await say(world, bot);
    const { lastError } = await statusWhere(
      world,
      'careful',
      ({ counters }) => counters?.skipped === 1,
    );
    expect(lastError?.message).toContain('may have carried it out');
    await confirmed(world, bot);
    expect(await calls(world, bot, 'sendMessage')).toHaveLength(1);
  });

  scenario('what Telegram may have done is done again where the policy says so', async (world) => {
    const bot = await readyBot(world, 'eager', { retry: { network: { retryUncertain: true } } });
    await failing(world, bot.id, { kind: 'reset', when: 'after' });
    await say(world, bot);
    expect(statuses(await calls(world, bot, 'sendMessage', 2))).toEqual([0, 200]);
    await statusWhere(world, 'eager', ({ counters }) => counters?.handled === 1);
  });

  scenario('a pause that Telegram asks for is kept', async (world) => {
    const bot = await readyBot(world, 'obedient');
    await failing(world, bot.id, { kind: 'status', status: 429, retryAfterSeconds: 2 });
    expect(await answer(world, bot)).toBe('I am obedient');
    const made = await calls(world, bot, 'sendMessage', 2);
    expect(statuses(made)).toEqual([429, 200]);
    expect(pausesMs(made)[0]).toBeGreaterThanOrEqual(2_000);
  });

  scenario('a pause outlasts a restart, and a move to another fleet', async (world) => {
    const bot = await readyBot(world, 'obedient', IMPATIENT);
    await world.setFleet();
    const retryAfterSeconds = 15;
    await failing(world, bot.id, { kind: 'status', status: 429, retryAfterSeconds });
    const answered = answer(world, bot);
    await calls(world, bot, 'sendMessage');
    expect(await world.command('restart', 'obedient')).toMatchObject({ code: 0 });
    await world.setSpec('obedient', IMPATIENT);
    const { placement } = await ready(world, 'obedient');
    expect(placement?.epoch).toBe(2);
    expect(await answer(world, bot, '/start', 'bob')).toBe('I am obedient');
    expect(await answered).toBe('I am obedient');
    const made = await calls(world, bot, 'sendMessage', 3);
    const toAnn = made.filter(
      ({ parameters }) => parameters['chat_id'] === made[0]?.parameters['chat_id'],
    );
    expect(statuses(toAnn)).toEqual([429, 200]);
    expect(pausesMs(toAnn)[0]).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
  });

  for (const [retryAfterSeconds, leastMs] of [
    [0, 0],
    [-1, 1_000],
    ['x', 1_000],
  ] as const) {
    scenario(`a retry_after of ${retryAfterSeconds} makes no storm`, async (world) => {
      const bot = await readyBot(world, 'sober');
      await failing(world, bot.id, { kind: 'status', status: 429, retryAfterSeconds });
      expect(await answer(world, bot)).toBe('I am sober');
      const made = await calls(world, bot, 'sendMessage', 2);
      expect(statuses(made)).toEqual([429, 200]);
      expect(pausesMs(made)[0]).toBeGreaterThanOrEqual(leastMs);
      await statusWhere(world, 'sober', ({ health }) => health?.rateLimited === 1);
    });
  }

  scenario('a retry_after of 10⁹ stops one chat, and no other', async (world) => {
    const bot = await readyBot(world, 'barred');
    await failing(world, bot.id, { kind: 'status', status: 429, retryAfterSeconds: 1e9 });
    const ann = await say(world, bot);
    await statusWhere(world, 'barred', ({ health }) => health?.rateLimited === 1);
    expect(await answer(world, bot, '/start', 'bob')).toBe('I am barred');
    await say(world, bot);
    expect(await answer(world, bot, '/start', 'carl')).toBe('I am barred');
    const toAnn = (await calls(world, bot, 'sendMessage')).filter(
      ({ parameters }) => parameters['chat_id'] === String(ann),
    );
    expect(statuses(toAnn)).toEqual([429]);
    await ready(world, 'barred');
  });

  scenario('a storm of failures is met with few retries for the whole shard', async (world) => {
    await world.setFleet();
    const bot = await readyBot(world, 'stormy', {
      breaker: { failureThreshold: 1_000 },
      retry: { server: { maxRetries: 5, initialDelay: '10ms', maxDelay: '10ms', jitter: false } },
      limits: { requestsPerSecond: 1_000, burst: 1_000, maxConcurrent: 100 },
    });
    await failing(world, bot.id, { kind: 'status', status: 500 }, 500);
    for (let user = 0; user < 60; user++) await say(world, bot, '/start', `caught_${user}`);
    const made = await calls(world, bot, 'sendMessage', 400);
    const retries = [...Map.groupBy(made, ({ parameters }) => parameters['chat_id']).values()]
      .flatMap(pausesMs)
      // Updates are tried again later than calls are.
      .filter((pauseMs) => pauseMs < 100).length;
    const seconds = ((made.at(-1)?.startedAtMs ?? 0) - (made[0]?.startedAtMs ?? 0)) / 1_000;
    // A fifth, what was saved up, one a second; and some updates whose turn came as fast.
    expect(retries).toBeLessThanOrEqual((made.length - retries) / 5 + 50 + seconds + 20);
    await statusWhere(world, 'stormy', ({ health }) => health?.state === 'Unhealthy');
  });
}

/** The next calls of sendMessage meet with `effect`. */
async function failing(
  { emulator }: ScenarioWorld,
  bot: number,
  effect: Effect,
  count = 1,
): Promise<void> {
  await emulator.addFault({ bot, method: 'sendMessage', count, effect });
}
