import { expect } from 'vitest';
import { conditionIs, readyBot, type Scenario } from './steps.ts';

const SYNCED = ['ProfileSynced', 'True'] as const;

/** How bots present themselves at Telegram. */
export function profileScenarios(scenario: Scenario): void {
  scenario('one is set by language, and told', async (world) => {
    const bot = await world.makeBot('famous', {
      profile: { name: 'Tea Shop', languages: { de: { description: 'Hier gibt es Tee.' } } },
    });
    expect(await conditionIs(world, 'famous', SYNCED)).toMatchObject({ reason: 'Synced' });
    const made = await world.emulator.calls({ bot: bot.id });
    const set = made.filter(({ method }) => method.startsWith('set'));
    expect(set.map(({ method, parameters }) => [method, parameters['language_code']])).toEqual([
      ['setMyName', undefined],
      ['setMyDescription', 'de'],
    ]);
  });

  scenario(
    'one that somebody else has changed is set right with the next change',
    async (world) => {
      const profile = { name: 'Tea Shop', description: 'Tea' };
      const bot = await readyBot(world, 'drifting', { profile });
      await conditionIs(world, 'drifting', SYNCED);
      await world.call(bot.token, 'setMyName', { name: 'Coffee Shop' });
      await world.setSpec('drifting', { profile: { ...profile, description: 'Tea, and cake' } });
      await conditionIs(world, 'drifting', SYNCED);
      expect(await world.call(bot.token, 'getMyName')).toEqual({ name: 'Tea Shop' });
      expect(await world.call(bot.token, 'getMyDescription')).toEqual({
        description: 'Tea, and cake',
      });
    },
  );

  scenario(
    'a name that Telegram forbids is told in its words, and the rest is set',
    async (world) => {
      const bot = await world.emulator.createBot();
      await world.emulator.addFault({
        bot: bot.id,
        method: 'setMyName',
        effect: { kind: 'status', status: 400, description: 'Bad Request: name is not allowed' },
      });
      await world.setToken('vain', bot.token);
      await world.setSpec('vain', { profile: { name: 'Telegram Support', description: 'Tea' } });
      const { reason, message } = await conditionIs(world, 'vain', ['ProfileSynced', 'False']);
      expect(reason).toBe('Refused');
      expect(message).toContain('name is not allowed');
      expect(await world.call(bot.token, 'getMyDescription')).toEqual({ description: 'Tea' });
    },
  );

  scenario('a name that was changed too often waits, and the rest is set', async (world) => {
    const bot = await world.emulator.createBot();
    await world.emulator.addFault({
      bot: bot.id,
      method: 'setMyName',
      effect: { kind: 'status', status: 429, retryAfterSeconds: 86_400 },
    });
    await world.setToken('fickle', bot.token);
    await world.setSpec('fickle', { profile: { name: 'Tea Shop', description: 'Tea' } });
    const { reason, message } = await conditionIs(world, 'fickle', ['ProfileSynced', 'False']);
    expect(reason).toBe('RateLimited');
    expect(message).toMatch(/the name is set after \d{4}-/);
    expect(await world.call(bot.token, 'getMyDescription')).toEqual({ description: 'Tea' });
    const tries = await world.emulator.calls({ bot: bot.id, method: 'setMyName' });
    expect(tries).toHaveLength(1);
  });
}
