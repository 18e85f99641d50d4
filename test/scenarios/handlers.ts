import { expect, it } from 'vitest';
import { itsAnswer } from '../support/conversation.ts';
import { condition, ready, statusWhere } from './steps.ts';
import type { ScenarioWorld } from './world.ts';

/** What bots do, seen by their users. */
export function handlerScenarios(world: () => ScenarioWorld): void {
  it('a button is pressed, its message changes, and the press is answered', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('buttons', {
      handlers: [
        {
          command: {
            name: 'order',
            reply: {
              text: 'What will it be?',
              buttons: [[{ text: 'Tea', callback: 'order:tea' }]],
            },
          },
        },
        {
          callback: {
            prefix: 'order:',
            edit: { text: 'One {args} for {firstName}' },
            answer: { text: 'On its way' },
          },
        },
      ],
    });
    await ready(world(), 'buttons');
    const said = { bot: bot.id, from: 'bea', text: '/order' };
    expect(await itsAnswer(emulator, said)).toBe('What will it be?');
    const { id: bea } = await emulator.createUser({ firstName: 'bea', username: 'bea' });
    const asked = (await emulator.messages(bea, bot.id)).at(-1);
    const pressed = { bot: bot.id, from: bea, messageId: asked?.message_id ?? 0 };
    const { callbackQueryId } = await emulator.pressButton(pressed);
    const { met, calls } = await emulator.waitFor(
      { kind: 'calls', bot: bot.id, method: 'answerCallbackQuery', ok: true },
      { timeoutMs: 10_000 },
    );
    expect(met).toBe(true);
    expect(calls[0]?.parameters).toMatchObject({
      callback_query_id: callbackQueryId,
      text: 'On its way',
    });
    expect((await emulator.messages(bea, bot.id)).at(-1)?.text).toBe('One tea for bea');
  });

  it('a profile is set, and told', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('famous', {
      profile: { name: 'Tea Shop', languages: { de: { description: 'Hier gibt es Tee.' } } },
    });
    const status = await statusWhere(
      world(),
      'famous',
      (found) => condition(found, 'ProfileSynced')?.status === 'True',
    );
    expect(condition(status, 'ProfileSynced')).toMatchObject({ reason: 'Synced' });
    const set = (await emulator.calls({ bot: bot.id })).filter(({ method }) =>
      method.startsWith('set'),
    );
    expect(set.map(({ method, parameters }) => [method, parameters['language_code']])).toEqual([
      ['setMyName', undefined],
      ['setMyDescription', 'de'],
    ]);
  });

  it('who asks to join is greeted in private and let in', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('doorman', {
      handlers: [{ joinRequest: { reply: { text: 'Welcome, {firstName}' } } }],
    });
    await ready(world(), 'doorman');
    const chat = await emulator.createChat({ type: 'supergroup', title: 'Tea' });
    await emulator.addMember(chat.id, { user: bot.id, status: 'administrator' });
    const { id: carl } = await emulator.createUser({ firstName: 'carl', username: 'carl' });
    await emulator.requestToJoin({ chat: chat.id, from: carl });
    const { met } = await emulator.waitFor(
      { kind: 'calls', bot: bot.id, method: 'approveChatJoinRequest', ok: true },
      { timeoutMs: 10_000 },
    );
    expect(met).toBe(true);
    expect((await emulator.messages(carl, bot.id)).at(-1)?.text).toBe('Welcome, carl');
  });
}
