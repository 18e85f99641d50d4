import type { EmulatorClient, WaitOutcome } from '../../emulator/control-client.ts';
import { errorCode, inputError } from '../../lib/errors.ts';

/** How long a bot that has answered may go on before its answer counts as complete. */
const MORE_MS = 400;
/** Longest text that a person is taken to have typed. */
export const MAX_TEXT_CHARACTERS = 100_000;

/** What a user says to a bot. */
export interface Utterance {
  /** Username of the user, with or without the @; it is made where it is new. */
  readonly as: string;
  /** The bot's id at Telegram. */
  readonly botId: number;
  readonly text: string;
}

/** What the bot had to say to it. */
export interface Answer {
  /** One text a message, oldest first. */
  readonly messages: readonly string[];
  /** Whether the bot has dealt with the message, be it without a word. */
  readonly handled: boolean;
}

/** What a bot has said after `messageId`. */
export interface Heard {
  readonly messages: readonly string[];
  readonly lastMessageId: number;
}

/** Talks to bots as a user, through the emulator. */
export class Conversation {
  readonly #client: EmulatorClient;

  constructor(client: EmulatorClient) {
    this.#client = client;
  }

  /** Says something and waits at most `timeoutMs` for all that the bot answers. */
  async ask(utterance: Utterance, timeoutMs: number): Promise<Answer> {
    const { botId: bot } = utterance;
    const since = await this.#client.lastCallSeq();
    const { chatId: chat, messageId } = await this.say(utterance);
    const handled = this.#client.waitFor({ kind: 'confirmed', bot }, { timeoutMs });
    const calls = { kind: 'calls', bot, chat: String(chat), ok: true, since } as const;
    const answered = this.#client.waitFor(calls, { timeoutMs });
    const complete = this.#rest(answered, bot);
    // Whoever loses the race may still fail, and nobody would be listening.
    for (const wait of [handled, complete]) wait.catch(() => undefined);
    let { met } = await Promise.race([handled, complete]);
    let heard = await this.hear(bot, chat, messageId);
    if (heard.messages.length === 0 && !met) {
      ({ met } = await handled);
      heard = await this.hear(bot, chat, messageId);
    }
    return { messages: heard.messages, handled: met };
  }

  /** Whether the bot has dealt with all soon after its first answer. */
  async #rest(answered: Promise<WaitOutcome>, bot: number): Promise<WaitOutcome> {
    const first = await answered;
    if (!first.met) return first;
    return this.#client.waitFor({ kind: 'confirmed', bot }, { timeoutMs: MORE_MS });
  }

  /** Says something. Resolves when the bot could have it. */
  async say({ as, botId, text }: Utterance): Promise<{ chatId: number; messageId: number }> {
    const user = await this.user(as);
    return this.#client.sendText({ bot: botId, from: user, text });
  }

  /** The id of the user with this username, who is also the private chat with it. */
  async user(as: string): Promise<number> {
    const username = as.replace(/^@/, '');
    if (!/^[A-Za-z][A-Za-z0-9_]{2,31}$/.test(username)) {
      throw inputError(
        'USER_INVALID',
        `"${username.slice(0, 64)}" can't be a username: 3 to 32 of A–Z a–z 0–9 _, a letter first`,
      );
    }
    const firstName = username.charAt(0).toUpperCase() + username.slice(1);
    return (await this.#client.createUser({ firstName, username })).id;
  }

  /** The number of the newest call, to hear what comes after it. */
  lastCall(): Promise<number> {
    return this.#client.lastCallSeq();
  }

  /** What the bot has said in the chat after `messageId`. */
  async hear(bot: number, chat: number, messageId: number): Promise<Heard> {
    const all = await this.#client.messages(chat, bot).catch((error: unknown) => {
      if (errorCode(error) === 'CHAT_NOT_FOUND') return [];
      throw error;
    });
    const news = all.filter(({ message_id: id, from }) => id > messageId && from?.id === bot);
    return {
      messages: news.map(shownText),
      lastMessageId: Math.max(messageId, ...all.map(({ message_id: id }) => id)),
    };
  }

  /** Resolves when the bot has made a call in the chat after call `since`, or after `timeoutMs`. */
  async nextCall(
    { bot, chat, since }: { readonly bot: number; readonly chat: number; readonly since: number },
    timeoutMs: number,
  ): Promise<number> {
    const condition = { kind: 'calls', bot, chat: String(chat), ok: true, since } as const;
    const { calls } = await this.#client.waitFor(condition, { timeoutMs });
    return calls.at(-1)?.seq ?? since;
  }
}

interface Shown {
  readonly text?: string | undefined;
  readonly caption?: string | undefined;
}

function shownText({ text, caption }: Shown): string {
  return text ?? `[attachment]${caption === undefined ? '' : ` ${caption}`}`;
}
