import { join } from 'node:path';
import type { FleetWebhook } from '../../src/api/webhook.ts';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import type { HostedBot } from './assignments.ts';
import type { EmulatorAddresses } from './emulator-program.ts';
import { type Program, startScript } from './program.ts';
import type { RuntimeRequest, WebhookSettings } from './runtime-program.ts';
import { waitFor } from './wait.ts';

/** A text in a chat with a bot. */
export interface Message {
  readonly bot: string;
  readonly chat: number;
  readonly text: string;
}

/** What the bot has to answer to something that was said to it, and the update that carries it. */
export interface Expected extends Message {
  readonly updateId: number;
}

/** How a runtime's process takes webhooks, and what its fleet says of them. */
export interface RuntimeWebhooks {
  readonly settings: WebhookSettings;
  readonly webhook: FleetWebhook;
  readonly shards?: number;
}

const USERS = 5;
/** Messages that are on their way to the emulator side by side. */
const SENDERS = 16;
/** More than a test leaves in the ledger. */
const EVERYTHING = { limit: 100_000 };
const TIMEOUT_MS = 80_000;

/** Starts an emulator in a process of its own, with a handful of users. */
export async function startFleetWorld(): Promise<FleetWorld> {
  const emulator = await startScript(join(import.meta.dirname, 'emulator-program.ts'));
  const { apiRoot, controlUrl } = await emulator.ask<EmulatorAddresses>('addresses');
  const control = new EmulatorClient(controlUrl);
  const users: number[] = [];
  for (let index = 1; index <= USERS; index++) {
    users.push((await control.createUser({ firstName: `User ${index}` })).id);
  }
  return new FleetWorld({ emulator, apiRoot, control, users });
}

/** An emulator, bots on it, and the runtimes that host them, each in a process of its own. */
export class FleetWorld implements AsyncDisposable {
  readonly control: EmulatorClient;
  /** What is to be answered, in the order in which it was said. */
  readonly expected: Expected[] = [];
  /** How long the bots may take to stop, as far as their fleet has a say. */
  drainSeconds = 4;
  readonly #emulator: Program;
  readonly #apiRoot: string;
  readonly #users: readonly number[];
  readonly #bots: HostedBot[] = [];

  constructor(parts: {
    readonly emulator: Program;
    readonly apiRoot: string;
    readonly control: EmulatorClient;
    readonly users: readonly number[];
  }) {
    this.control = parts.control;
    this.#emulator = parts.emulator;
    this.#apiRoot = parts.apiRoot;
    this.#users = parts.users;
  }

  /** Makes a bot that {@link startRuntime} will host. */
  async addBot(name: string, handlers: HostedBot['handlers']): Promise<void> {
    const { token } = await this.control.createBot({ username: `${name}_bot` });
    this.#bots.push({ name, token, handlers });
  }

  /** Starts a process that hosts all bots made so far. */
  async startRuntime(webhooks?: RuntimeWebhooks): Promise<Program> {
    const runtime = await startScript(join(import.meta.dirname, 'runtime-program.ts'), {
      ...(webhooks && { args: [JSON.stringify(webhooks.settings)] }),
    });
    await this.host(
      runtime,
      this.#bots.map(({ name }) => name),
      webhooks,
    );
    return runtime;
  }

  /** Has a process host these bots and no others. */
  async host(
    runtime: Program,
    names: readonly string[],
    webhooks?: RuntimeWebhooks,
  ): Promise<void> {
    const bots = this.#bots.filter(({ name }) => names.includes(name));
    const { settings: _, ...share } = webhooks ?? { settings: {} };
    await runtime.ask<unknown>({
      kind: 'host',
      apiRoot: this.#apiRoot,
      bots,
      drainSeconds: this.drainSeconds,
      ...share,
    } satisfies RuntimeRequest);
  }

  /** Sends a text to a bot as the user of that number; `text` is the answer to be expected. */
  async say(bot: string, message: string, user = 0): Promise<void> {
    const from = this.#users[user % USERS] ?? 0;
    const said = await this.control.sendText({ bot: `${bot}_bot`, from, text: message });
    if (said.updateId === null) throw new Error(`${bot} does not get "${message}"`);
    const text = message.replace(/^\/echo /, '');
    this.expected.push({ bot, chat: said.chatId, text, updateId: said.updateId });
  }

  /** Tells the bots in turn to echo the numbers of `[from, to)`, from several users. */
  async sayNumbers(
    bots: readonly string[],
    { from, to }: { from: number; to: number },
  ): Promise<void> {
    let next = from;
    const sender = async (): Promise<void> => {
      while (next < to) {
        const number = next++;
        // A user's messages to a bot come one after the other, so that their order is known.
        const bot = bots[number % bots.length] ?? '';
        await this.say(bot, `/echo ${number}`, Math.floor(number / bots.length));
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
  }

  /** Waits until nothing is left in the queues of `bots`. */
  async confirmed(bots: readonly string[]): Promise<void> {
    for (const bot of bots) {
      const condition = { kind: 'confirmed', bot: `${bot}_bot` } as const;
      const { met } = await this.control.waitFor(condition, { timeoutMs: TIMEOUT_MS });
      if (!met) throw new Error(`${bot} has unconfirmed updates after ${TIMEOUT_MS} ms`);
    }
  }

  /** Every message that a bot has sent, in order, whether or not the bot heard of it. */
  async answers(): Promise<Message[]> {
    const calls = await this.control.calls({ ...EVERYTHING, method: 'sendMessage' });
    return calls
      .filter(({ outcome }) => outcome?.ok)
      .map(({ bot, parameters }) => ({
        bot: bot?.username.replace(/_bot$/, '') ?? '',
        chat: Number(parameters['chat_id']),
        text: parameters['text'] ?? '',
      }));
  }

  /** Waits until no call is under way. */
  async quiet(): Promise<void> {
    await waitFor(
      'the end of all calls',
      async () => {
        const calls = await this.control.calls(EVERYTHING);
        return calls.every(({ outcome }) => outcome !== null);
      },
      { intervalMs: 100 },
    );
  }

  /** What bots have been given to answer but have not confirmed; nothing may be going on. */
  async inFlight(): Promise<Set<Expected>> {
    const updates = await this.control.updates(EVERYTHING);
    const open = updates.filter((update) => update.fate === 'pending' && update.deliveryCount > 0);
    const ids = new Set(open.map(({ bot, updateId }) => `${bot.username} ${updateId}`));
    return new Set(this.expected.filter(({ bot, updateId }) => ids.has(`${bot}_bot ${updateId}`)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#emulator.stop('SIGKILL');
  }
}
