import { sendText } from '../../../src/emulator/actions.ts';
import type { Bot } from '../../../src/emulator/bot.ts';
import type { EmulatorClient } from '../../../src/emulator/control-client.ts';
import type { TgUser } from '../../../src/emulator/telegram-types.ts';
import { publishRaw } from '../../../src/emulator/updates.ts';
import type { World } from '../../../src/emulator/world.ts';
import type { HostedBot } from '../../support/assignments.ts';

/** A way for one bot to be trouble to those beside it. */
export interface Toxicity {
  /** What the bot does, given the address of a slow service; answers `/start` unless given. */
  readonly handlers?: (slowService: string) => HostedBot['handlers'];
  /** Done once, when the bot runs. */
  readonly begin?: (control: EmulatorClient, bot: Bot) => Promise<unknown>;
  /** Done every so often after that, on average. */
  readonly everyMs: number;
  readonly act: (world: World, bot: Bot, user: TgUser) => void;
}

/** What every bot does that does nothing else. */
export const HELLO: HostedBot['handlers'] = [
  { command: { name: 'start', reply: { text: 'Hello {firstName}' } } },
];

/** A user writes to a bot. */
export const greet: Toxicity['act'] = (world, bot, from) => {
  sendText(world, { bot, from, chat: undefined, text: '/start' });
};

const slowForward: Toxicity = {
  handlers: (url) => [{ forward: { url, signingSecretRef: { name: 'key' } } }],
  everyMs: 1_000,
  act: greet,
};

/** An update of which nothing is as it should be. */
const poison: Toxicity = {
  everyMs: 1_000,
  act: (world, bot) => {
    publishRaw(world, bot, {
      message: { text: 5, chat: 'none', from: [], entities: { length: -1 } },
    });
  },
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
