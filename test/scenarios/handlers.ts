import { expect } from 'vitest';
import type { MadeBot } from '../../src/emulator/control-client.ts';
import { answer, calls, readyBot, type Scenario, say, statusWhere } from './steps.ts';
import type { ScenarioWorld } from './world.ts';

/** A bot that takes orders. */
export const WAITER = {
  handlers: [
    {
      command: {
        name: 'order',
        reply: { text: 'What will it be?', buttons: [[{ text: 'Tea', callback: 'order:tea' }]] },
      },
    },
    {
      callback: {
        prefix: 'order:',
        edit: { text: 'One {args} for {firstName}' },
        reply: { text: 'Anything else?' },
        answer: { text: 'On its way' },
      },
    },
    { command: { name: 'start', reply: { text: 'Hello' } } },
  ],
};

/**
 * Orders from {@link WAITER}, and presses the button after `before`; who orders, and the id of the
 * press.
 */
export async function orderTea(
  world: ScenarioWorld,
  bot: MadeBot,
  before?: () => Promise<void>,
): Promise<{ readonly user: number; readonly press: string }> {
  const { emulator } = world;
  expect(await answer(world, bot, '/order', 'bea')).toBe('What will it be?');
  const { id: user } = await emulator.createUser({ firstName: 'bea', username: 'bea' });
  const asked = (await emulator.messages(user, bot.id)).at(-1);
  await before?.();
  const pressed = { bot: bot.id, from: user, messageId: asked?.message_id ?? 0 };
  return { user, press: (await emulator.pressButton(pressed)).callbackQueryId };
}

/** What bots do, seen by their users. */
export function handlerScenarios(scenario: Scenario): void {
  scenario('a button is pressed, its message changes, and the press is answered', async (world) => {
    const { emulator } = world;
    const bot = await readyBot(world, 'waiter', WAITER);
    const { user, press } = await orderTea(world, bot);
    const [answered] = await calls(world, bot, 'answerCallbackQuery');
    expect(answered?.parameters).toMatchObject({ callback_query_id: press, text: 'On its way' });
    const texts = (await emulator.messages(user, bot.id)).map(({ text }) => text);
    expect(texts).toEqual(['/order', 'One tea for bea', 'Anything else?']);
    await statusWhere(world, 'waiter', ({ counters }) => counters?.handled === 2);
  });

  scenario('pictures and files are sent, by address and by id', async (world) => {
    const bot = await readyBot(world, 'sender', {
      handlers: [
        { command: { name: 'menu', reply: { photo: 'https://example.com/tea.png', text: 'Tea' } } },
        { command: { name: 'rules', reply: { document: 'BQACAgIAAxkBAAIB' } } },
      ],
    });
    await say(world, bot, '/menu');
    await say(world, bot, '/rules');
    const [photo] = await calls(world, bot, 'sendPhoto');
    expect(photo).toMatchObject({
      parameters: { photo: 'https://example.com/tea.png', caption: 'Tea' },
      outcome: { ok: true },
    });
    const [document] = await calls(world, bot, 'sendDocument');
    expect(document).toMatchObject({
      parameters: { document: 'BQACAgIAAxkBAAIB' },
      outcome: { ok: true },
    });
    await statusWhere(world, 'sender', ({ counters }) => counters?.replies === 2);
  });

  scenario('who asks to join is greeted in private and let in', async (world) => {
    const { emulator } = world;
    const bot = await readyBot(world, 'doorman', {
      handlers: [{ joinRequest: { reply: { text: 'Welcome, {firstName}' } } }],
    });
    const chat = await emulator.createChat({ type: 'supergroup', title: 'Tea' });
    await emulator.addMember(chat.id, { user: bot.id, status: 'administrator' });
    const { id: carl } = await emulator.createUser({ firstName: 'carl' });
    await emulator.requestToJoin({ chat: chat.id, from: carl });
    const [approved] = await calls(world, bot, 'approveChatJoinRequest');
    expect(approved).toMatchObject({
      parameters: { user_id: String(carl) },
      outcome: { ok: true },
    });
    expect((await emulator.messages(carl, bot.id)).at(-1)?.text).toBe('Welcome, carl');
    await statusWhere(world, 'doorman', ({ counters }) => counters?.handled === 1);
  });
}
