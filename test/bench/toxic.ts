import type { EmulatorClient, MadeBot } from '../../src/emulator/control-client.ts';
import type { HostedBot } from '../support/assignments.ts';

/** A way for one bot to be trouble to those beside it. */
export interface Toxicity {
  /** What the bot does, given the address of a slow service; answers `/start` unless given. */
  readonly handlers?: (slowService: string) => HostedBot['handlers'];
  /** Done once, when the bot runs. */
  readonly begin?: (control: EmulatorClient, bot: MadeBot) => Promise<unknown>;
  /** Done every so often after that. */
  readonly everyMs: number;
  readonly act: (control: EmulatorClient, bot: MadeBot, user: number) => Promise<unknown>;
}

/** A bot that is trouble, and how. */
export interface ToxicBot {
  readonly bot: MadeBot;
  readonly toxicity: Toxicity;
}

/** What every bot does that does nothing else. */
export const HELLO: HostedBot['handlers'] = [
  { command: { name: 'start', reply: { text: 'Hello {firstName}' } } },
];

const greet: Toxicity['act'] = (control, { username }, from) =>
  control.sendText({ bot: username, from, text: '/start' });

const slowForward: Toxicity = {
  handlers: (url) => [{ forward: { url, signingSecretRef: { name: 'key' } } }],
  everyMs: 1_000,
  act: greet,
};

/** An update of which nothing is as it should be. */
const poison: Toxicity = {
  everyMs: 1_000,
  act: (control, { username }) =>
    control.sendRawUpdate({
      bot: username,
      body: { message: { text: 5, chat: 'none', from: [], entities: { length: -1 } } },
    }),
};

const flood: Toxicity = { everyMs: 50, act: greet };

const revoked: Toxicity = {
  begin: (control, { id }) => control.revokeToken(id),
  everyMs: 1_000,
  act: greet,
};

const rateLimited: Toxicity = {
  begin: (control, { id }) =>
    control.addFault({
      bot: id,
      method: 'sendMessage',
      effect: { kind: 'status', status: 429, retryAfterSeconds: 1 },
    }),
  everyMs: 250,
  act: greet,
};

/** Every kind of trouble that a neighbour should not notice. */
export const TOXIC: readonly Toxicity[] = [slowForward, poison, flood, revoked, rateLimited];
