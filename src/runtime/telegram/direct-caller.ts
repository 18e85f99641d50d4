import type { Update, UserFromGetMe } from 'grammy/types';
import type { UpdateKind } from '../../api/updates.ts';
import type { Secret } from '../../lib/secret.ts';
import type { TelegramTransport } from '../transport/telegram-transport.ts';
import { resultOf } from './answer.ts';
import { CallError, classifyThrown } from './call-error.ts';

/** Parameters of getUpdates, as the Bot API names them. */
export interface GetUpdates {
  readonly offset: number;
  readonly limit: number;
  /** Seconds that Telegram may hold the call. */
  readonly timeout: number;
  readonly allowed_updates?: readonly UpdateKind[];
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const CALL_TIMEOUT_MS = 20_000;
/** How much longer than Telegram may hold a poll we wait for its answer. */
const POLL_MARGIN_MS = 8_000;

/**
 * The two calls that a bot makes all its life, past grammY, whose timers and controllers would be
 * most of what an idle bot weighs. Both reject with a {@link CallError}, and with nothing else.
 */
export class DirectCaller {
  readonly #transport: TelegramTransport;
  readonly #token: Secret;

  constructor(transport: TelegramTransport, token: Secret) {
    this.#transport = transport;
    this.#token = token;
  }

  /** Who the bot is. Proves that the token is valid. */
  async getMe(signal: AbortSignal): Promise<UserFromGetMe> {
    const result = await this.#call('send', 'getMe', { signal, timeoutMs: CALL_TIMEOUT_MS });
    if (!isBot(result)) throw nonsense('getMe');
    return result;
  }

  /** The updates from `offset` on, the oldest first, confirming those before it. */
  async getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const result = await this.#call('poll', 'getUpdates', {
      body: JSON.stringify(parameters),
      signal,
      timeoutMs: parameters.timeout * 1000 + POLL_MARGIN_MS,
    });
    if (!Array.isArray(result) || !result.every(isUpdate)) throw nonsense('getUpdates');
    return result;
  }

  async #call(
    lane: 'poll' | 'send',
    method: string,
    options: { readonly body?: string; readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<unknown> {
    try {
      const path = this.#transport.pathOf(this.#token, method);
      return resultOf(
        await this.#transport[lane]({ ...options, path, method: 'POST', headers: JSON_HEADERS }),
      );
    } catch (error) {
      throw classifyThrown(error);
    }
  }
}

function isBot(value: unknown): value is UserFromGetMe {
  const user = value as Partial<UserFromGetMe> | null;
  return Number.isSafeInteger(user?.id) && typeof user?.username === 'string';
}

function isUpdate(value: unknown): value is Update {
  return Number.isSafeInteger((value as Partial<Update> | null)?.update_id);
}

function nonsense(method: string): CallError {
  return new CallError('unknown', `The answer to ${method} is not what the Bot API promises.`, {
    mayHaveHappened: false,
  });
}
