import { Agent, request } from 'undici';
import { expect } from 'vitest';
import type { MadeBot } from '../../src/emulator/control-client.ts';
import { Secret } from '../../src/lib/secret.ts';
import { WebhookKeys } from '../../src/runtime/webhook/webhook-keys.ts';
import { answer, calls, conditionIs, type Scenario, statusWhere } from './steps.ts';
import { hookedBot } from './webhooks.ts';
import type { ScenarioWorld } from './world.ts';

const ECHO = { handlers: [{ command: { name: 'echo', reply: { text: '{args}' } } }] };
const MANY = 3_000;
const CONNECTIONS = 500;
const WRITERS = 50;

/** Where a bot's updates are sent, and with which secret. */
interface Hook {
  readonly url: string;
  readonly secret: string;
}

/** What reaches the address of webhooks, from Telegram or from somebody else. */
export function webhookPostScenarios(scenario: Scenario): void {
  scenario(
    'without the secret, with a wrong one and with an old one they are nothing',
    async (world) => {
      const bot = await hookedBot(world, 'secretive', ECHO);
      const hook = await hookOf(world, bot);
      const wrong = hook.secret.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
      for (const secret of ['', wrong])
        expect(await post({ ...hook, secret }, update(1, 1))).toBe(404);
      expect(await post({ ...hook, url: hook.url.replace(/.$/, '') }, update(1, 1))).toBe(404);

      const token = await world.emulator.reissueToken(bot.id);
      await world.setToken('secretive', token);
      const renewed = await hookOf(world, { ...bot, token }, 2);
      await conditionIs(world, 'secretive', ['WebhookReady', 'True']);
      expect(await post(hook, update(1, 1))).toBe(404);
      expect(await post({ ...renewed, secret: hook.secret }, update(1, 1))).toBe(404);
      expect(await post(renewed, update(1, 1))).toBe(200);
      await statusWhere(world, 'secretive', ({ counters }) => counters?.updates === 1);
    },
  );

  scenario('100 MB are not read', async (world) => {
    const bot = await hookedBot(world, 'slim');
    const hook = await hookOf(world, bot);
    let blocks = 0;
    const flood = async function* () {
      for (; blocks < 100; blocks++) yield Buffer.alloc(1 << 20, 0x20);
    };
    // Whoever sends on may be cut off before the answer is read.
    expect(await post(hook, flood()).catch(() => 413)).toBe(413);
    expect(blocks).toBeLessThan(100);
    expect(await answer(world, bot)).toBe('I am slim');
  });

  scenario('the same update fifty times is handled once', async (world) => {
    const bot = await hookedBot(world, 'sceptic', ECHO);
    const hook = await hookOf(world, bot);
    const { id } = await world.emulator.createUser({ firstName: 'ann', username: 'ann' });
    const posts = Array.from({ length: 50 }, () => post(hook, update(7, id)));
    expect(new Set(await Promise.all(posts))).toEqual(new Set([200]));
    const made = await calls(world, bot, 'sendMessage');
    expect(made.map(({ parameters }) => parameters['text'])).toEqual(['7']);
    await statusWhere(world, 'sceptic', ({ counters }) => counters?.updates === 1);
  });

  scenario(
    'thousands at once are taken or put off, and what is taken is handled once',
    async (world) => {
      const bot = await hookedBot(world, 'popular', ECHO);
      const hook = await hookOf(world, bot);
      const agent = new Agent({ connections: CONNECTIONS });
      const writers = await Promise.all(
        Array.from({ length: WRITERS }, () => world.emulator.createUser({ firstName: 'ann' })),
      );
      const ids = Array.from({ length: MANY }, (_, index) => index + 1);
      const answers = await Promise.all(
        ids.map((id) => post(hook, update(id, writers[id % WRITERS]?.id ?? 0), agent)),
      );
      await agent.close();
      expect(new Set(answers)).toEqual(new Set([200, 503]));
      const taken = ids.filter((_, index) => answers[index] === 200).map(String);
      const made = await calls(world, bot, 'sendMessage', taken.length);
      const texts = made.map(({ parameters }) => parameters['text']);
      expect(new Set(texts).size).toBe(texts.length);
      expect(new Set(taken).difference(new Set(texts))).toEqual(new Set());
      const { id: latecomer } = await world.emulator.createUser({ firstName: 'late' });
      await world.emulator.sendText({ bot: bot.id, from: latecomer, text: '/echo still here' });
      await world.emulator.waitFor(
        { kind: 'calls', bot: bot.id, method: 'sendMessage', text: 'still here', ok: true },
        { timeoutMs: 60_000 },
      );
      const { restarts } = await world.status('popular');
      expect(restarts ?? 0).toBe(0);
      await conditionIs(world, 'popular', ['WebhookReady', 'True']);
    },
  );
}

/** Of the newest webhook, as soon as it was set so often. */
async function hookOf(world: ScenarioWorld, { id, token }: MadeBot, times = 1): Promise<Hook> {
  const set = (await calls(world, { id }, 'setWebhook', times)).at(-1);
  const keys = new WebhookKeys(new Secret(token));
  return {
    url: await world.outside(set?.parameters['url'] ?? ''),
    // The ledger keeps no secrets.
    secret: keys.secret(keys.periodAt(Date.now())),
  };
}

/** The status of the answer. */
async function post(
  { url, secret }: Hook,
  body: string | AsyncIterable<Buffer>,
  dispatcher?: Agent,
): Promise<number> {
  const headers = secret === '' ? {} : { 'x-telegram-bot-api-secret-token': secret };
  const options = {
    method: 'POST',
    headers,
    body: body as string,
    ...(dispatcher && { dispatcher }),
  } as const;
  const answered = await request(url, options);
  await answered.body.dump();
  return answered.statusCode;
}

/** A user's `/echo ID` in private. */
function update(id: number, user: number): string {
  const text = `/echo ${id}`;
  const from = { id: user, is_bot: false, first_name: 'Ann' };
  const chat = { id: user, type: 'private', first_name: 'Ann' };
  const entities = [{ type: 'bot_command', offset: 0, length: 5 }];
  const message = { message_id: id, date: 1_700_000_000, chat, from, text, entities };
  return JSON.stringify({ update_id: id, message });
}
