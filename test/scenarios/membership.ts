import { expect, it } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { condition, ready, statusWhere } from './steps.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

/** Who may write in a group. */
export function membershipScenarios(world: () => ScenarioWorld): void {
  it('who has not joined is asked to, kept from writing, and let go after joining', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('keeper', {
      handlers: [
        { membershipGate: { requires: [{ chat: '@scenario_news' }] } },
        { command: { name: 'start', reply: { text: 'passed' } } },
      ],
    });
    const news = await emulator.createChat({
      type: 'channel',
      title: 'News',
      username: 'scenario_news',
    });
    const club = await emulator.createChat({ type: 'supergroup', title: 'Club' });
    await emulator.addMember(news.id, { user: bot.id, status: 'administrator' });
    await emulator.addMember(club.id, { user: bot.id, status: 'administrator' });
    await ready(world(), 'keeper');
    const { id: dora } = await emulator.createUser({ firstName: 'dora', username: 'dora' });
    await emulator.addMember(club.id, { user: dora });
    // As she comes in, or at the latest as she writes.
    await emulator
      .sendText({ bot: bot.id, from: dora, chat: club.id, text: '/start' })
      .catch(() => undefined);
    const kept = { kind: 'calls', bot: bot.id, method: 'restrictChatMember', ok: true } as const;
    expect((await emulator.waitFor(kept, { timeoutMs: PATIENCE_MS })).met).toBe(true);
    const prompt = await waitFor(
      'a prompt',
      async () =>
        (await emulator.messages(club.id, bot.id)).find(({ reply_markup }) => reply_markup),
      { timeoutMs: PATIENCE_MS, intervalMs: 100 },
    );

    await emulator.addMember(news.id, { user: dora });
    const button = JSON.stringify(prompt).match(/"text":"(I have joined)"/)?.[1] ?? '';
    await emulator
      .pressButton({ bot: bot.id, from: dora, chat: club.id, messageId: prompt.message_id, button })
      // The prompt goes as soon as the bot sees by itself that she has joined.
      .catch(() => undefined);
    await waitFor(
      'the right to write',
      () =>
        emulator.sendText({ bot: bot.id, from: dora, chat: club.id, text: '/start' }).then(
          () => true,
          () => false,
        ),
      { timeoutMs: PATIENCE_MS, intervalMs: 100 },
    );
    const passed = { kind: 'calls', bot: bot.id, method: 'sendMessage', text: 'passed' } as const;
    expect((await emulator.waitFor(passed, { timeoutMs: PATIENCE_MS })).met).toBe(true);
    await statusWhere(
      world(),
      'keeper',
      (found) => condition(found, 'GateReady')?.status === 'True',
    );
  });

  it('a gate whose bot may not look says so', async () => {
    const { emulator } = world();
    await emulator.createChat({ type: 'channel', title: 'Secret', username: 'scenario_secret' });
    const bot = await world().makeBot('blind', {
      handlers: [
        { membershipGate: { requires: [{ chat: '@scenario_secret' }] } },
        { command: { name: 'start', reply: { text: 'passed' } } },
      ],
    });
    const club = await emulator.createChat({ type: 'supergroup', title: 'Blind club' });
    await emulator.addMember(club.id, { user: bot.id, status: 'administrator' });
    await ready(world(), 'blind');
    const { id: dora } = await emulator.createUser({ firstName: 'dora', username: 'dora' });
    await emulator.addMember(club.id, { user: dora });
    await emulator.sendText({ bot: bot.id, from: dora, chat: club.id, text: '/start' });
    const status = await statusWhere(
      world(),
      'blind',
      (found) => condition(found, 'GateReady')?.status === 'False',
    );
    expect(condition(status, 'GateReady')?.message).toContain('@scenario_secret');
    const passed = { kind: 'calls', bot: bot.id, method: 'sendMessage', text: 'passed' } as const;
    expect((await emulator.waitFor(passed, { timeoutMs: PATIENCE_MS })).met).toBe(true);
  });
}
