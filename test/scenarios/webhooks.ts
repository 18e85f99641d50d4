import { expect, it } from 'vitest';
import { itsAnswer } from '../support/conversation.ts';
import { condition, ready, statusWhere } from './steps.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

const WEBHOOK = { updates: { mode: 'Webhook' } };
const POLLING = { updates: { mode: 'Polling' } };

/** Updates that Telegram sends, and updates that are fetched. */
export function webhookScenarios(world: () => ScenarioWorld): void {
  it('a bot takes webhooks, polls and takes webhooks again, and answers each message once', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('hooked', WEBHOOK);
    const status = await statusWhere(
      world(),
      'hooked',
      (found) => condition(found, 'WebhookReady')?.status === 'True',
    );
    expect(status.updates?.mode).toBe('Webhook');
    expect(status.updates?.webhookUrl).toMatch(/^http:\/\/.*\/0\/…$/);
    const says = (): Promise<string> =>
      itsAnswer(emulator, { bot: bot.id, from: 'will', text: '/start', timeoutMs: PATIENCE_MS });
    expect(await says()).toBe('I am hooked');
    for (const [spec, mode] of [
      [POLLING, 'Polling'],
      [WEBHOOK, 'Webhook'],
    ] as const) {
      await world().setSpec('hooked', spec);
      await statusWhere(world(), 'hooked', ({ updates }) => updates?.mode === mode);
      expect(await says()).toBe('I am hooked');
    }
    const sent = await emulator.calls({ bot: bot.id, method: 'sendMessage' });
    expect(sent).toHaveLength(3);
    const updates = await emulator.updates({ bot: bot.id });
    expect(new Set(updates.map(({ fate }) => fate))).toEqual(new Set(['confirmed']));
  });

  it('a webhook that Telegram refuses is told of, and the bot polls', async () => {
    const { emulator } = world();
    const bot = await world().makeBot('refused', POLLING);
    await ready(world(), 'refused');
    await emulator.addFault({
      bot: bot.id,
      method: 'setWebhook',
      effect: {
        kind: 'status',
        status: 400,
        description: 'Bad Request: bad webhook: no such host',
      },
    });
    await world().setSpec('refused', WEBHOOK);
    const status = await statusWhere(
      world(),
      'refused',
      (found) => condition(found, 'WebhookReady')?.status === 'False',
    );
    expect(condition(status, 'WebhookReady')?.message).toContain('no such host');
    expect(status.updates?.mode).toBe('Polling');
    const said = { bot: bot.id, from: 'will', text: '/start', timeoutMs: PATIENCE_MS };
    expect(await itsAnswer(emulator, said)).toBe('I am refused');
  });
}
