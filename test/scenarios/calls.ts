import { expect, it } from 'vitest';
import { itsAnswer } from '../support/conversation.ts';
import { condition, ready, statusWhere } from './steps.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

/** What becomes of a bot's calls to Telegram. */
export function callScenarios(world: () => ScenarioWorld): void {
  it('what fails for a moment is tried again, and answered once', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('patient');
    await ready(world(), 'patient');
    await emulator.addFault({
      bot: bot.id,
      method: 'sendMessage',
      count: 2,
      effect: { kind: 'status', status: 500 },
    });
    const said = { bot: bot.id, from: 'ann', text: '/start', timeoutMs: 30_000 };
    expect(await itsAnswer(emulator, said)).toBe('I am patient');
    const calls = await emulator.calls({ bot: bot.id, method: 'sendMessage' });
    expect(calls.map(({ outcome }) => outcome?.status)).toEqual([500, 500, 200]);
  });

  it('a pause that Telegram asks for is kept', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('obedient');
    await ready(world(), 'obedient');
    await emulator.addFault({
      bot: bot.id,
      method: 'sendMessage',
      count: 1,
      effect: { kind: 'status', status: 429, retryAfterSeconds: 2 },
    });
    const said = { bot: bot.id, from: 'ann', text: '/start', timeoutMs: 30_000 };
    expect(await itsAnswer(emulator, said)).toBe('I am obedient');
    const calls = await emulator.calls({ bot: bot.id, method: 'sendMessage' });
    expect(calls.map(({ outcome }) => outcome?.status)).toEqual([429, 200]);
    const [refused, sent] = calls;
    expect((sent?.startedAtMs ?? 0) - (refused?.endedAtMs ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  it('no second sees more calls than the bot is allowed, and none is lost for that', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('slow', { limits: { requestsPerSecond: 4, burst: 2 } });
    await ready(world(), 'slow');
    const users = Array.from({ length: 12 }, (_, index) => `crowd_${index}`);
    const answers = users.map((from) =>
      itsAnswer(emulator, { bot: bot.id, from, text: '/start', timeoutMs: PATIENCE_MS }),
    );
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['I am slow']));
    const calls = await emulator.calls({ bot: bot.id, method: 'sendMessage' });
    const times = calls.map(({ startedAtMs }) => startedAtMs).toSorted((a, b) => a - b);
    expect(times).toHaveLength(12);
    const most = times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length);
    expect(Math.max(...most)).toBeLessThanOrEqual(4);
  });

  it('a breaker opens where calls keep failing, and tells; others go on; a reset closes it', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('broken');
    const other = await world().makeBot('neighbour');
    await ready(world(), 'broken');
    await ready(world(), 'neighbour');
    const fault = await emulator.addFault({
      bot: bot.id,
      effect: { kind: 'status', status: 502 },
    });
    const ann = await emulator.createUser({ firstName: 'ann', username: 'ann' });
    await emulator.sendText({ bot: bot.id, from: ann.id, text: '/start' });
    const { health, breaker, ...status } = await statusWhere(
      world(),
      'broken',
      (found) => found.breaker?.state === 'Open',
    );
    expect(breaker?.nextProbeAt).toMatch(/^\d{4}-/);
    expect(health?.state).toBe('Unhealthy');
    expect(condition(status, 'BreakerClosed')).toMatchObject({ status: 'False', reason: 'Open' });
    expect(condition(status, 'Healthy')).toMatchObject({ status: 'False', reason: 'Unhealthy' });
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'Unhealthy' });
    const said = { bot: other.id, from: 'ann', text: '/start' };
    expect(await itsAnswer(emulator, said)).toBe('I am neighbour');

    await emulator.removeFault(fault.id);
    expect(await world().command('breaker', 'reset', 'broken')).toMatchObject({ code: 0 });
    const again = { bot: bot.id, from: 'ann', text: '/start', timeoutMs: 30_000 };
    expect(await itsAnswer(emulator, again)).toBe('I am broken');
    await statusWhere(world(), 'broken', (found) => found.breaker?.state === 'Closed');
  });
}
