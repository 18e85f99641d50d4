import { expect } from 'vitest';
import {
  answer,
  condition,
  conditionIs,
  ready,
  readyBot,
  type Scenario,
  say,
  statusWhere,
} from './steps.ts';
import { PATIENCE_MS } from './world.ts';

/** Telegram must have refused a token for two minutes. */
const REVOKED_WITHIN_MS = 2 * PATIENCE_MS;

/** Tokens: good, bad, doubted and renewed. */
export function tokenScenarios(scenario: Scenario): void {
  scenario(
    'one that can be none is refused without asking Telegram, and a good one starts the bot',
    async (world) => {
      const bot = await world.emulator.createBot();
      await world.setToken('late', 'my token');
      await world.setSpec('late', {});
      const bad = await conditionIs(world, 'late', ['TokenValid', 'False']);
      expect(bad).toMatchObject({ reason: 'InvalidFormat' });
      expect(bad.message).toContain('has no colon');
      expect(await world.emulator.calls({ bot: bot.id })).toEqual([]);
      await world.setToken('late', bot.token);
      expect(await answer(world, bot)).toBe('I am late');
    },
  );

  scenario('a bot without one waits, and starts by itself', async (world) => {
    const bot = await world.emulator.createBot();
    await world.setSpec('waiting', {});
    const { reason } = await conditionIs(world, 'waiting', ['TokenValid', 'False']);
    expect(reason).toBe('Missing');
    await world.setToken('waiting', bot.token);
    expect(await answer(world, bot)).toBe('I am waiting');
  });

  scenario(
    'one that is refused is suspected, and a new one is picked up by itself',
    async (world) => {
      const bot = await readyBot(world, 'renewed');
      const token = await world.emulator.reissueToken(bot.id);
      const suspect = await statusWhere(
        world,
        'renewed',
        ({ token }) => token?.state === 'Unauthorized',
      );
      expect(condition(suspect, 'TokenValid')).toMatchObject({
        status: 'Unknown',
        reason: 'Unauthorized',
      });
      await world.setToken('renewed', token);
      await statusWhere(world, 'renewed', ({ token }) => token?.state === 'Valid');
      expect(await answer(world, bot)).toBe('I am renewed');
    },
  );

  scenario(
    'one that stays refused suspends the bot, which says how to renew it and then goes on',
    async (world) => {
      const bot = await readyBot(world, 'revoked');
      const token = await world.emulator.reissueToken(bot.id);
      await say(world, bot);
      const status = await statusWhere(
        world,
        'revoked',
        ({ phase }) => phase === 'Suspended',
        REVOKED_WITHIN_MS,
      );
      expect(status.token?.state).toBe('Revoked');
      expect(status.health?.state).toBe('Suspended');
      const stalled = condition(status, 'Stalled');
      expect(stalled).toMatchObject({ status: 'True', reason: 'Revoked' });
      expect(stalled?.message).toContain('@BotFather');
      await world.setToken('revoked', token);
      expect(await answer(world, bot, '/start', 'bob')).toBe('I am revoked');
      await ready(world, 'revoked');
    },
  );

  scenario('one of another bot is refused by name', async (world) => {
    const bot = await readyBot(world, 'steadfast');
    const other = await world.emulator.createBot();
    await world.setToken('steadfast', other.token);
    const token = await world.emulator.reissueToken(bot.id);
    const { reason, message } = await conditionIs(world, 'steadfast', ['Stalled', 'True']);
    expect(reason).toBe('OtherBot');
    expect(message).toContain(String(bot.id));
    expect(message).toContain(String(other.id));
    expect(await world.emulator.calls({ bot: other.id })).toEqual([]);
    await world.setToken('steadfast', token);
    await ready(world, 'steadfast');
  });

  scenario('they are checked on command, one or all', async (world) => {
    const good = await readyBot(world, 'good');
    const { id } = await readyBot(world, 'bad');
    const one = await world.command('token', 'check', 'good');
    expect(one).toMatchObject({ code: 0, out: expect.stringMatching(/good +Valid +@/) });
    const { token } = await statusWhere(world, 'good', ({ handledRequests }) =>
      Boolean(handledRequests?.checkToken),
    );
    expect(token?.state).toBe('Valid');
    expect(
      (await world.emulator.calls({ bot: good.id, method: 'getMe' })).length,
    ).toBeGreaterThanOrEqual(2);

    await world.emulator.revokeToken(id);
    const all = await world.command('token', 'check', '--all', '--concurrency', '2');
    expect(all).toMatchObject({
      code: 1,
      err: expect.stringMatching(/2 bots: (?=.*1 Valid)(?=.*1 Unauthorized)/),
    });
    expect(all.out).toMatch(/bad +Unauthorized +Telegram does not accept the token/);
  });
}
