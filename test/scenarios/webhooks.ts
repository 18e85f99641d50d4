import { expect } from 'vitest';
import type { MadeBot } from '../../src/emulator/control-client.ts';
import {
  answer,
  calls,
  conditionIs,
  confirmed,
  readyBot,
  type Scenario,
  say,
  statusWhere,
} from './steps.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

const WEBHOOK = { updates: { mode: 'Webhook' } };
const POLLING = { updates: { mode: 'Polling' } };

/** Makes such a bot; resolves when Telegram has its webhook. */
export async function hookedBot(
  world: ScenarioWorld,
  name: string,
  spec: object = {},
): Promise<MadeBot> {
  const bot = await world.makeBot(name, { ...WEBHOOK, ...spec });
  await conditionIs(world, name, ['WebhookReady', 'True']);
  return bot;
}

/** Updates that Telegram sends, and updates that are fetched. */
export function webhookScenarios(scenario: Scenario): void {
  scenario(
    'a bot takes webhooks, polls and takes webhooks again, and answers each message once',
    async (world) => {
      const { emulator } = world;
      const bot = await hookedBot(world, 'hooked');
      const { updates } = await world.status('hooked');
      expect(updates).toMatchObject({
        mode: 'Webhook',
        webhookUrl: expect.stringMatching(/\/\d\/…$/),
      });
      expect(await answer(world, bot)).toBe('I am hooked');
      for (const [spec, mode] of [
        [POLLING, 'Polling'],
        [WEBHOOK, 'Webhook'],
      ] as const) {
        await world.setSpec('hooked', spec);
        await statusWhere(world, 'hooked', ({ updates }) => updates?.mode === mode);
        expect(await answer(world, bot)).toBe('I am hooked');
      }
      expect(await calls(world, bot, 'sendMessage')).toHaveLength(3);
      expect(await calls(world, bot, 'setWebhook')).toHaveLength(2);
      await confirmed(world, bot);
      const fates = (await emulator.updates({ bot: bot.id })).map(({ fate }) => fate);
      expect(new Set(fates)).toEqual(new Set(['confirmed']));
    },
  );

  scenario('one that somebody else has removed is set again, once', async (world) => {
    const bot = await hookedBot(world, 'kept');
    await world.call(bot.token, 'deleteWebhook');
    await calls(world, bot, 'setWebhook', 2);
    expect(await answer(world, bot)).toBe('I am kept');
    await conditionIs(world, 'kept', ['WebhookReady', 'True']);
    expect(await calls(world, bot, 'setWebhook')).toHaveLength(2);
  });

  scenario('one that is left over is removed where it is in the way', async (world) => {
    const bot = await world.emulator.createBot();
    await world.call(bot.token, 'setWebhook', { url: 'http://127.0.0.1:9/old' });
    await world.setToken('heir', bot.token);
    await world.setSpec('heir', POLLING);
    expect(await answer(world, bot)).toBe('I am heir');
    expect(await calls(world, bot, 'deleteWebhook')).toHaveLength(1);
  });

  scenario('one that Telegram refuses is told of, and the bot polls', async (world) => {
    const bot = await readyBot(world, 'refused', POLLING);
    await world.emulator.addFault({
      bot: bot.id,
      method: 'setWebhook',
      effect: {
        kind: 'status',
        status: 400,
        description: 'Bad Request: bad webhook: no such host',
      },
    });
    await world.setSpec('refused', WEBHOOK);
    const { reason, message } = await conditionIs(world, 'refused', ['WebhookReady', 'False']);
    expect(reason).toBe('WebhookRefused');
    expect(message).toContain('no such host');
    expect((await world.status('refused')).updates?.mode).toBe('Polling');
    expect(await answer(world, bot)).toBe('I am refused');
  });

  scenario(
    'at an address where nobody is, the bot polls until there is a good one',
    async (world) => {
      await world.setFleet({ webhook: { publicUrl: 'http://127.0.0.1:9/nobody' } });
      const bot = await hookedBot(world, 'astray');
      const ann = await say(world, bot);
      const failing = await conditionIs(
        world,
        'astray',
        ['WebhookReady', 'False'],
        2 * PATIENCE_MS,
      );
      expect(failing.reason).toBe('WebhookFailing');
      expect(failing.message).toContain('Connection refused');
      expect((await world.status('astray')).updates?.mode).toBe('Polling');
      const [first] = await calls(world, bot, 'sendMessage');
      expect(first?.parameters).toMatchObject({ chat_id: String(ann), text: 'I am astray' });

      await world.setFleet();
      await statusWhere(world, 'astray', ({ updates }) => updates?.mode === 'Webhook');
      expect(await answer(world, bot, '/start', 'bob')).toBe('I am astray');
      const last = (await world.emulator.updates({ bot: bot.id })).at(-1);
      expect(last?.deliveries.at(-1)).toMatchObject({ via: 'webhook', outcome: '200' });
      await conditionIs(world, 'astray', ['WebhookReady', 'True']);
    },
  );
}
