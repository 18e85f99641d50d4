import { join } from 'node:path';
import { Api } from 'grammy';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type CallView,
  EmulatorClient,
  type MadeBot,
  type WaitCondition,
} from '../../../src/emulator/control-client.ts';
import { type RunningEmulator, startEmulator } from '../../../src/emulator/emulator.ts';
import type { Program } from '../../support/program.ts';
import { findPython, pythonWithRequirements } from '../../support/python.ts';
import { waitFor } from '../../support/wait.ts';
import { type EchoClient, GRAMMY_CLIENTS, pythonClients } from './clients.ts';

const REQUIREMENTS = join(import.meta.dirname, 'python-telegram-bot.txt');
const TIMEOUT_MS = 30_000;
const TAKEN_OVER =
  'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';
const WEBHOOK_ACTIVE =
  "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
const WEBHOOK_CAME = 'Conflict: terminated by setWebhook request';

let emulator: RunningEmulator;
let control: EmulatorClient;
beforeAll(async () => {
  emulator = await startEmulator();
  control = new EmulatorClient(emulator.controlUrl);
});
afterAll(() => emulator.close());

let bot: MadeBot;
let userId: number;
beforeEach(async () => {
  await control.reset();
  bot = await control.createBot({ username: 'foreign_bot' });
  userId = (await control.createUser({ firstName: 'Ada' })).id;
});

describe.each(GRAMMY_CLIENTS)('$library by $mode', (client) => {
  describeEchoBot(client);
});

const python = findPython('3.9');
const mayBeSkipped = !python && process.env['CI'] !== 'true';
if (mayBeSkipped) {
  console.error('SKIPPED: the tests with python-telegram-bot need Python 3.9 or newer');
}
describe.skipIf(mayBeSkipped)('python-telegram-bot', () => {
  let interpreter = '';
  beforeAll(async () => {
    if (!python) throw new Error('there is no Python 3.9 or newer; with CI=true there must be');
    interpreter = await pythonWithRequirements(python, REQUIREMENTS);
  });
  describe.each(pythonClients(() => interpreter))('by $mode', (client) => {
    describeEchoBot(client);
  });
});

function describeEchoBot(client: EchoClient): void {
  it('echoes 50 messages in order, each exactly once', async () => {
    await using _running = await start(client);
    await ready(client);
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index + 1}`);
    for (const text of texts) await say(text);
    await echoed(50);
    await confirmed();
    expect(textsOf(await sends())).toEqual(texts);
    const updates = await control.updates();
    expect(updates.map(({ fate }) => fate)).toEqual(texts.map(() => 'confirmed'));
  });

  it('says so when its token is revoked, and goes on with a new one that first answers 401', async () => {
    await using running = await start(client);
    await ready(client);
    await say('before');
    await echoed(1);
    await confirmed();
    await control.revokeToken(bot.id);
    // Nothing reaches a webhook any more; its bot finds out when it is started again.
    if (client.mode === 'polling') await running.says(/401|InvalidToken/);
    await running.stop();
    await using restarted = await start(client);
    await restarted.says(/401|InvalidToken/);
    await restarted.stop('SIGKILL');
    await say('while away');

    const lastSeq = await control.lastCallSeq();
    const token = await control.reissueToken(bot.id, { flutterMs: 6_000 });
    await using _supervised = await startUntilReady(client, token);
    await echoed(2);
    await confirmed();
    const calls = await control.calls({ since: lastSeq });
    expect(calls[0]).toMatchObject({ bot: null, outcome: { status: 401 } });
    expect(textsOf(await sends())).toEqual(['before', 'while away']);
  });

  it('meets another poller, and the older poll of the two ends with 409', async () => {
    await using _stays = await (client.mode === 'polling'
      ? secondPoller(client)
      : webhookBesidePoller(client));
    await say('who is there?');
    await echoed(1);
    await confirmed();
    expect(textsOf(await sends())).toEqual(['who is there?']);
  });

  it('sees a 429 with retry_after', async () => {
    await using running = await start(client);
    await ready(client);
    await control.addFault({
      bot: bot.id,
      method: 'sendMessage',
      count: 1,
      effect: { kind: 'status', status: 429, retryAfterSeconds: 2 },
    });
    await say('first');
    await say('second');
    await echoed(client.on429 === 'gives up' ? 1 : 2);
    await confirmed();
    const [refused, ...others] = await sends();
    expect(refused).toMatchObject({ parameters: { text: 'first' }, outcome: { status: 429 } });
    expect(textsOf(others)).toEqual(client.on429 === 'gives up' ? ['second'] : ['first', 'second']);
    if (client.on429 === 'waits') {
      const pauseEndMs = (refused?.endedAtMs ?? 0) + 2_000;
      expect(others[0]?.startedAtMs).toBeGreaterThanOrEqual(pauseEndMs);
    } else {
      expect(running.output).toContain('retry after 2');
    }
  });
}

function start(client: EchoClient, token = bot.token): Promise<Program> {
  return client.start({ apiRoot: emulator.apiRoot, token });
}

/** A client that polls takes over from another one; returns the newer. */
async function secondPoller(client: EchoClient): Promise<Program> {
  await using older = await start(client);
  await ready(client);
  const newer = await start(client);
  await older.says(/409|Conflict/);
  const polls = await control.calls({ bot: bot.id, method: 'getUpdates' });
  const outcomes = polls.map(({ outcome }) => outcome);
  expect(outcomes).toContainEqual({ status: 409, ok: false, description: TAKEN_OVER });
  return newer;
}

/** A client that sets a webhook takes over from a poll, and no poll comes between; returns it. */
async function webhookBesidePoller(client: EchoClient): Promise<Program> {
  const poller = new Api(bot.token, { apiRoot: emulator.apiRoot });
  const pollError = (timeout: number) => poller.getUpdates({ timeout }).catch((error) => error);
  const held = pollError(50);
  await waitFor('a held poll', async () => (await control.bot(bot.id)).polling);
  const webhook = await start(client);
  await ready(client);
  expect(await held).toMatchObject({ error_code: 409, description: WEBHOOK_CAME });
  expect(await pollError(0)).toMatchObject({ error_code: 409, description: WEBHOOK_ACTIVE });
  return webhook;
}

/** Whether updates reach the client now. */
async function isReached({ mode }: EchoClient): Promise<boolean> {
  const { polling, webhookUrl } = await control.bot(bot.id);
  return mode === 'polling' ? polling : webhookUrl !== null;
}

async function ready(client: EchoClient): Promise<void> {
  await waitFor('a client that gets updates', () => isReached(client), { timeoutMs: TIMEOUT_MS });
}

/** Starts the client again whenever it ends, as a supervisor does, until updates reach it. */
async function startUntilReady(client: EchoClient, token: string): Promise<Program> {
  for (;;) {
    const program = await start(client, token);
    const reached = await waitFor(
      'a client that gets updates or ends',
      async () => ((await isReached(client)) && 'yes') || (program.ended && 'no'),
      { timeoutMs: TIMEOUT_MS },
    );
    if (reached === 'yes') return program;
  }
}

async function say(text: string): Promise<void> {
  await control.sendText({ bot: bot.id, from: userId, text });
}

async function echoed(count: number): Promise<void> {
  await untilLedger({ kind: 'calls', bot: bot.id, method: 'sendMessage', ok: true, count });
}

async function confirmed(): Promise<void> {
  await untilLedger({ kind: 'confirmed', bot: bot.id });
}

async function untilLedger(condition: WaitCondition): Promise<void> {
  const { met } = await control.waitFor(condition, { timeoutMs: TIMEOUT_MS });
  expect(met, `${JSON.stringify(condition)} within ${TIMEOUT_MS} ms`).toBe(true);
}

/** Every message that the bot tried to send, in order. */
function sends(): Promise<CallView[]> {
  return control.calls({ bot: bot.id, method: 'sendMessage' });
}

function textsOf(calls: readonly CallView[]): (string | undefined)[] {
  return calls.map(({ parameters }) => parameters['text']);
}
