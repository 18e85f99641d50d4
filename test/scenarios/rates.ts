import { expect } from 'vitest';
import type { CallView } from '../../src/emulator/control-client.ts';
import { answer, calls, confirmed, readyBot, type Scenario, say, statuses } from './steps.ts';

/**
 * What leaves a second apart may arrive closer together: the first had a connection opened for it, or
 * the machine was busy. Of what nothing holds back, all would come at once.
 */
const SECOND_MS = 800;

/** How many of the calls arrived in the fullest stretch of `ms`. */
function most(of: readonly CallView[], ms: number): number {
  const times = of.map(({ startedAtMs }) => startedAtMs);
  return Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length),
  );
}

/** How fast bots call Telegram. */
export function rateScenarios(scenario: Scenario): void {
  scenario(
    'no second sees more calls than the bot is allowed, and none is lost for that',
    async (world) => {
      const bot = await readyBot(world, 'slow', { limits: { requestsPerSecond: 4, burst: 2 } });
      const users = Array.from({ length: 12 }, (_, index) => `crowd_${index}`);
      const answers = await Promise.all(users.map((user) => answer(world, bot, '/start', user)));
      expect(new Set(answers)).toEqual(new Set(['I am slow']));
      const made = await calls(world, bot, 'sendMessage', 12);
      expect(made).toHaveLength(12);
      expect(most(made, SECOND_MS)).toBeLessThanOrEqual(4);
    },
  );

  scenario('a fleet makes no more calls in a second than it is allowed', async (world) => {
    await world.setFleet({ rateLimits: { perSecond: 5 } });
    const names = ['one', 'two', 'three'];
    const bots = await Promise.all(names.map((name) => readyBot(world, name)));
    const users = Array.from({ length: 4 }, (_, index) => `crowd_${index}`);
    const answered = bots.flatMap((bot) => users.map((user) => answer(world, bot, '/start', user)));
    expect(await Promise.all(answered)).toHaveLength(12);
    const made = await Promise.all(bots.map(({ id }) => world.emulator.calls({ bot: id })));
    // Polls are known to arrive within a second only where nobody starves them.
    const sure = made.flat().filter(({ method }) => method !== 'getUpdates');
    expect(most(sure, 1_000)).toBeLessThanOrEqual(5);
  });

  scenario('a user gets three messages at once, and then one a second', async (world) => {
    const bot = await readyBot(world, 'polite');
    // The first message ever sent opens a connection, and may come late for that.
    await answer(world, bot, '/start', 'bea');
    for (let n = 0; n < 6; n++) await say(world, bot);
    const [, ...made] = await calls(world, bot, 'sendMessage', 7);
    expect(statuses(made)).toEqual(made.map(() => 200));
    expect(most(made, SECOND_MS)).toBeLessThanOrEqual(3);
    expect((made[5]?.startedAtMs ?? 0) - (made[0]?.startedAtMs ?? 0)).toBeGreaterThanOrEqual(2_800);
  });

  scenario('a group gets twenty messages in a minute, and the others after that', async (world) => {
    const { emulator } = world;
    const bot = await readyBot(world, 'talker');
    const club = await emulator.createChat({ type: 'supergroup', title: 'Club' });
    await emulator.addMember(club.id, { user: bot.id });
    const { id: from } = await emulator.createUser({ firstName: 'ann', username: 'ann' });
    await emulator.addMember(club.id, { user: from });
    for (let n = 0; n < 22; n++)
      await emulator.sendText({ bot: bot.id, from, chat: club.id, text: '/start' });
    const made = await calls(world, bot, 'sendMessage', 22);
    expect(statuses(made)).toEqual(made.map(() => 200));
    expect(most(made, 59_500)).toBe(20);
    await confirmed(world, bot);
  });
}
