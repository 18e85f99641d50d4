import { expect } from 'vitest';
import type { ChatView, MadeBot } from '../../src/emulator/control-client.ts';
import { waitFor } from '../support/wait.ts';
import { calls, conditionIs, confirmed, ready, type Scenario } from './steps.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

/** Who may write in a group. */
export function gateScenarios(scenario: Scenario): void {
  scenario(
    'who has not joined is asked to, kept from writing, and let go after joining',
    async (world) => {
      const { emulator, news, club, bot } = await guard(world);
      const dora = await newcomer(world, club);
      await calls(world, bot, 'restrictChatMember');
      const prompt = await waitFor(
        'a prompt',
        async () =>
          (await emulator.messages(club.id, bot.id)).find((message) => message.reply_markup),
        { timeoutMs: PATIENCE_MS, intervalMs: 100 },
      );
      await emulator.addMember(news.id, { user: dora });
      const button = 'I have joined';
      await emulator
        .pressButton({
          bot: bot.id,
          from: dora,
          chat: club.id,
          messageId: prompt.message_id,
          button,
        })
        // The prompt goes as soon as the bot sees by itself that she has joined.
        .catch(() => undefined);
      await untilMayWrite(world, club, dora, true);
      await calls(world, bot, 'sendMessage', 2);
      expect(await conditionIs(world, 'keeper', ['GateReady', 'True'])).toMatchObject({
        reason: 'Ready',
      });
    },
  );

  scenario(
    'who joins and leaves again and again causes few calls, and ends up as is right',
    async (world) => {
      const { emulator, news, club, bot } = await guard(world);
      const eve = await newcomer(world, club);
      await calls(world, bot, 'restrictChatMember');
      await confirmed(world, bot);
      const since = await emulator.lastCallSeq();
      const startedMs = performance.now();
      for (let n = 0; n < 100; n++) {
        await emulator.addMember(news.id, { user: eve });
        await emulator.addMember(news.id, { user: eve, status: 'left' });
      }
      await confirmed(world, bot);
      // Five rounds of calls at once, and then one every ten seconds.
      const rounds = 5 + (performance.now() - startedMs) / 10_000;
      const made = await emulator.calls({ bot: bot.id, since });
      const caused = made.filter(({ method }) => method !== 'getUpdates');
      expect(caused.length).toBeLessThan(8 * rounds);
      await untilMayWrite(world, club, eve, false);
      await emulator.addMember(news.id, { user: eve });
      await untilMayWrite(world, club, eve, true);
      await ready(world, 'keeper');
    },
  );

  scenario(
    'one whose bot is not in the chat that it asks about says so, and lets all write',
    async (world) => {
      const { club, bot, required } = await guard(world, 'left');
      await newcomer(world, club);
      const { reason, message } = await conditionIs(world, 'keeper', ['GateReady', 'False']);
      expect(reason).toBe('NotAdministrator');
      expect(message).toContain(required);
      const made = await calls(world, bot, 'sendMessage');
      expect(made.at(-1)?.parameters['text']).toBe('passed');
    },
  );
}

interface Guarded {
  readonly emulator: ScenarioWorld['emulator'];
  readonly bot: MadeBot;
  readonly news: ChatView;
  readonly club: ChatView;
  /** The username of `news`. */
  readonly required: string;
}

/** A bot that guards `club`: who wants to write there must be in `news`. */
async function guard(
  world: ScenarioWorld,
  standing: 'administrator' | 'left' = 'administrator',
): Promise<Guarded> {
  const { emulator } = world;
  const username = world.unique('news');
  const news = await emulator.createChat({ type: 'channel', title: 'News', username });
  const club = await emulator.createChat({ type: 'supergroup', title: 'Club' });
  const bot = await world.makeBot('keeper', {
    handlers: [
      { membershipGate: { requires: [{ chat: `@${username}` }], recheckSeconds: 30 } },
      { command: { name: 'start', reply: { text: 'passed' } } },
    ],
  });
  await emulator.addMember(news.id, { user: bot.id, status: standing });
  await emulator.addMember(club.id, { user: bot.id, status: 'administrator' });
  await ready(world, 'keeper');
  return { emulator, bot, news, club, required: `@${username}` };
}

/** Somebody comes into the club and tries to write there. */
async function newcomer({ emulator }: ScenarioWorld, club: ChatView): Promise<number> {
  const { id } = await emulator.createUser({ firstName: 'dora' });
  await emulator.addMember(club.id, { user: id });
  // Kept from it as she came in, or at the latest as she writes.
  await emulator.sendText({ from: id, chat: club.id, text: '/start' }).catch(() => undefined);
  return id;
}

async function untilMayWrite(
  { emulator }: ScenarioWorld,
  club: ChatView,
  user: number,
  may: boolean,
): Promise<void> {
  const tryIt = (): Promise<boolean> =>
    emulator.sendText({ from: user, chat: club.id, text: '/start' }).then(
      () => may,
      () => !may,
    );
  const options = { timeoutMs: PATIENCE_MS, intervalMs: 500 };
  await waitFor(may ? 'the right to write' : 'the end of it', tryIt, options);
}
