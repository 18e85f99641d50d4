import type { z } from 'zod';
import { environmentError, errorMessage, inputError } from '../lib/errors.ts';
import type * as schema from './control-api/schemas.ts';
import type { LimitSettings, LimitsInForce } from './limits/settings.ts';

/** A bot, and the token that opens it. */
export type MadeBot = z.output<typeof schema.madeBot>;
export type BotView = z.output<typeof schema.bot>;
export type UserView = z.output<typeof schema.user>;
export type ChatView = z.output<typeof schema.chat>;
export type SentText = z.output<typeof schema.sentText>;
export type FaultView = z.output<typeof schema.fault>;
export type CallView = z.output<typeof schema.call>;
export type UpdateView = z.output<typeof schema.update>;
export type WaitCondition = z.input<typeof schema.condition>;
export type WaitOutcome = z.output<typeof schema.waited>;

/** A bot by its id or its username. */
export type BotRef = number | string;

/** Which records of the ledger to read. */
export interface LedgerQuery {
  readonly bot?: BotRef;
  readonly since?: number;
  /** 1,000 unless given, 100,000 at most. */
  readonly limit?: number;
}

/**
 * Drives an emulator through its control interface. Every method rejects with a
 * `TenantBotError` whose `code` is the interface's own (`BOT_NOT_FOUND`), or
 * `EMULATOR_UNREACHABLE`.
 */
export class EmulatorClient {
  readonly #url: string;

  constructor(controlUrl: string) {
    this.#url = controlUrl.replace(/\/$/, '');
  }

  /** Makes a bot; the same token finds the same bot. */
  createBot(bot: z.input<typeof schema.newBot> = {}): Promise<MadeBot> {
    return this.#post('/bots', bot);
  }

  bot(bot: BotRef): Promise<BotView> {
    return this.#send('GET', `/bots/${encodeURIComponent(bot)}`);
  }

  async bots(): Promise<BotView[]> {
    return (await this.#send<{ bots: BotView[] }>('GET', '/bots')).bots;
  }

  /** Makes a user; the same username finds the same user. */
  createUser(user: z.input<typeof schema.newUser>): Promise<UserView> {
    return this.#post('/users', user);
  }

  /** Makes a group, supergroup or channel; the same username finds the same chat. */
  createChat(chat: z.input<typeof schema.newChat>): Promise<ChatView> {
    return this.#post('/chats', chat);
  }

  /** Puts a user or bot into a chat, or changes its standing there, as a user would. */
  async addMember(chat: number, member: z.input<typeof schema.newMember>): Promise<void> {
    await this.#post(`/chats/${chat}/members`, member);
  }

  /** Makes a group a supergroup; returns the new chat. */
  upgradeChat(chat: number): Promise<ChatView> {
    return this.#post(`/chats/${chat}/upgrade`, {});
  }

  /** Sends a text or command as a user, by default in the private chat with the bot. */
  sendText(text: z.input<typeof schema.text>): Promise<SentText> {
    return this.#post('/messages', text);
  }

  pressButton(press: z.input<typeof schema.press>): Promise<z.output<typeof schema.pressed>> {
    return this.#post('/button-presses', press);
  }

  async requestToJoin(request: z.input<typeof schema.joinRequest>): Promise<void> {
    await this.#post('/join-requests', request);
  }

  /** Blocks the bot as a user, or unblocks it with `blocked: false`. */
  async blockBot(block: z.input<typeof schema.block>): Promise<void> {
    await this.#post('/blocks', block);
  }

  /** Queues an update of any shape. */
  sendRawUpdate(update: z.input<typeof schema.rawUpdate>): Promise<{ updateId: number | null }> {
    return this.#post('/raw-updates', update);
  }

  /** The latest messages of a chat, oldest first, as the Bot API shows them. */
  async messages(
    chat: number,
    bot?: BotRef,
  ): Promise<z.output<typeof schema.messages>['messages']> {
    const query = queryString({ chat, bot });
    return (await this.#send<z.output<typeof schema.messages>>('GET', `/messages${query}`))
      .messages;
  }

  async revokeToken(bot: BotRef): Promise<void> {
    await this.#post(`/bots/${encodeURIComponent(bot)}/revoke-token`, {});
  }

  /** Returns the new token; the old one is worthless at once. */
  async reissueToken(bot: BotRef, options: z.input<typeof schema.reissue> = {}): Promise<string> {
    const path = `/bots/${encodeURIComponent(bot)}/reissue-token`;
    return (await this.#post<{ token: string }>(path, options)).token;
  }

  addFault(fault: z.input<typeof schema.newFault>): Promise<FaultView> {
    return this.#post('/faults', fault);
  }

  async faults(): Promise<FaultView[]> {
    return (await this.#send<{ faults: FaultView[] }>('GET', '/faults')).faults;
  }

  async removeFault(id: number): Promise<void> {
    await this.#send('DELETE', `/faults/${id}`, {});
  }

  async clearFaults(): Promise<void> {
    await this.#send('DELETE', '/faults', {});
  }

  /** The limits in force. */
  limits(): Promise<LimitsInForce> {
    return this.#send('GET', '/limits');
  }

  /** Turns limits on or off, or gives them other figures; counting starts anew. */
  setLimits(limits: LimitSettings): Promise<LimitsInForce> {
    return this.#post('/limits', limits);
  }

  /** The calls of bots, oldest first. */
  async calls(query: LedgerQuery & { readonly method?: string } = {}): Promise<CallView[]> {
    const path = `/ledger/calls${queryString({ ...query })}`;
    return (await this.#send<z.output<typeof schema.calls>>('GET', path)).calls;
  }

  /** The updates for bots and what became of them, oldest first. */
  async updates(query: LedgerQuery = {}): Promise<UpdateView[]> {
    const path = `/ledger/updates${queryString({ ...query })}`;
    return (await this.#send<z.output<typeof schema.updates>>('GET', path)).updates;
  }

  /** The sequence number of the newest call: what comes later is `since` it. */
  async lastCallSeq(): Promise<number> {
    const path = '/ledger/calls?limit=1';
    return (await this.#send<z.output<typeof schema.calls>>('GET', path)).lastSeq;
  }

  /** Waits in real time; `met` is false where the deadline came first. */
  waitFor(
    condition: WaitCondition,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<WaitOutcome> {
    return this.#post('/ledger/wait', { condition, ...options });
  }

  /** Moves the emulator's clock ahead, firing what comes due on the way. */
  async advanceClock(ms: number): Promise<void> {
    await this.#post('/clock/advance', { ms });
  }

  /** Forgets all bots, users, chats, faults and the ledger. */
  async reset(): Promise<void> {
    await this.#post('/reset', {});
  }

  #post<Result>(path: string, body: object): Promise<Result> {
    return this.#send('POST', path, body);
  }

  async #send<Result>(method: string, path: string, body?: object): Promise<Result> {
    const response = await this.#fetch(method, path, body);
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Result;
    const problem = readProblem(text);
    throw inputError(
      problem.code ?? 'EMULATOR_REFUSED',
      `the emulator refused ${method} ${path}: ${problem.detail ?? `status ${response.status}`}`,
    );
  }

  async #fetch(method: string, path: string, body: object | undefined): Promise<Response> {
    try {
      return await fetch(`${this.#url}${path}`, {
        method,
        ...(body && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      });
    } catch (error) {
      throw environmentError(
        'EMULATOR_UNREACHABLE',
        `the emulator's control interface at ${this.#url} can't be reached (${errorMessage(error)}); is the emulator running?`,
        error,
      );
    }
  }
}

function readProblem(text: string): { code?: string; detail?: string } {
  try {
    return JSON.parse(text) as { code?: string; detail?: string };
  } catch {
    return {};
  }
}

function queryString(query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}
