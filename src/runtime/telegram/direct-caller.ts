import type { Update, UserFromGetMe } from 'grammy/types';
import type { Secret } from '../../lib/secret.ts';
import type { UpdateKind } from '../../lib/update-kinds.ts';
import type { ExchangeAnswer } from '../transport/exchange.ts';
import type { TelegramTransport } from '../transport/telegram-transport.ts';
import { parseEnvelope } from './answer.ts';
import { CallError, classifyRefusal, classifyThrown } from './call-error.ts';

/** Parameters of getUpdates, as the Bot API names them. */
export interface GetUpdates {
  readonly offset: number;
  readonly limit: number;
  /** Seconds that Telegram may hold the call. */
  readonly timeout: number;
  readonly allowed_updates?: readonly UpdateKind[];
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const CALL_TIMEOUT_MS = 30_000;
/** How much longer than Telegram may hold a poll we wait for its answer. */
const POLL_MARGIN_MS = 8_000;

/**
 * Calls of one bot past grammY's client, whose timers and controllers would be most of what an idle
 * bot weighs.
 */
export class DirectCaller {
  readonly #transport: TelegramTransport;
  readonly #token: Secret;

  constructor(transport: TelegramTransport, token: Secret) {
    this.#transport = transport;
    this.#token = token;
  }

  /** Who the bot is. Proves that the token is valid. Rejects with a {@link CallError}. */
  getMe(signal: AbortSignal): Promise<UserFromGetMe> {
    return this.send('getMe', '{}', signal).then(botIn, throwClassified);
  }

  /**
   * The updates from `offset` on, the oldest first, confirming those before it. Rejects with a
   * {@link CallError}.
   */
  getUpdates(parameters: GetUpdates, signal: AbortSignal): Promise<readonly Update[]> {
    const answer = this.#transport.poll({
      path: `${this.#transport.pathOf(this.#token, 'getUpdates')}?${toQuery(parameters)}`,
      method: 'GET',
      headers: {},
      timeoutMs: parameters.timeout * 1000 + POLL_MARGIN_MS,
      signal,
    });
    // No `async` function, of which every idle bot would hold one more.
    return answer.then(updatesIn, throwClassified);
  }

  /** Any call, its parameters as JSON. Rejects with a `TransportError`. */
  send(method: string, json: string, signal: AbortSignal | undefined): Promise<ExchangeAnswer> {
    return this.#transport.send({
      path: this.#transport.pathOf(this.#token, method),
      method: 'POST',
      headers: JSON_HEADERS,
      body: json,
      timeoutMs: CALL_TIMEOUT_MS,
      signal,
    });
  }
}

/** Without a body a poll is one write over HTTP/1.1, and one frame over HTTP/2. */
function toQuery({ offset, limit, timeout, allowed_updates }: GetUpdates): string {
  const numbers = `offset=${offset}&limit=${limit}&timeout=${timeout}`;
  if (!allowed_updates) return numbers;
  // JSON in a query; kinds are words that need no escaping.
  const kinds = allowed_updates.map((kind) => `%22${kind}%22`).join('%2C');
  return `${numbers}&allowed_updates=%5B${kinds}%5D`;
}

function botIn(answer: ExchangeAnswer): UserFromGetMe {
  const result = resultIn(answer);
  if (!isBot(result)) throw nonsense('getMe');
  return result;
}

function updatesIn(answer: ExchangeAnswer): readonly Update[] {
  const result = resultIn(answer);
  if (!Array.isArray(result) || !result.every(isUpdate)) throw nonsense('getUpdates');
  return result;
}

/** The result of a call. Throws a {@link CallError} where Telegram refused it. */
function resultIn(answer: ExchangeAnswer): unknown {
  const envelope = parseEnvelope(answer);
  if (envelope.ok) return envelope.result;
  throw classifyRefusal(envelope);
}

function throwClassified(error: unknown): never {
  throw classifyThrown(error);
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
