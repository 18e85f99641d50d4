import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { ApiError } from './api-error.ts';
import { Bot } from './bot.ts';
import { Chat, privateChat } from './chat.ts';
import type { Ledger } from './ledger.ts';
import { notFound, notNow, Problem } from './problem.ts';
import type { ChatType, TgUser } from './telegram-types.ts';
import { makeToken, tokenShape } from './tokens.ts';

/** More than this of a kind is refused: memory stays bounded whatever a caller does. */
const MAX_BOTS = 100_000;
const MAX_USERS = 1_000_000;
const MAX_CHATS = 100_000;

const FIRST_USER_ID = 7_000_000_001;
const FIRST_BOT_ID = 5_000_000_001;
const FIRST_GROUP_ID = 4_000_000_001;
const CHANNEL_ID_BASE = 1_000_000_000_000;

/** What a new bot may be given; the rest is made up. */
export interface NewBot {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly name?: string | undefined;
  readonly readsAllGroupMessages?: boolean | undefined;
}

/** What a new user may be given. */
export interface NewUser {
  readonly firstName: string;
  readonly lastName?: string | undefined;
  readonly username?: string | undefined;
  readonly languageCode?: string | undefined;
}

/** What a new chat is made of. */
export interface NewChat {
  readonly type: Exclude<ChatType, 'private'>;
  readonly title: string;
  readonly username?: string | undefined;
}

/** What a token opens. */
interface TokenEntry {
  readonly bot: Bot;
  /** From then on the server lets it in; a revoked one never again. */
  validFromMs: number;
  /** What a token that is not valid yet answers. */
  readonly flutterStatus: 401 | 504;
}

/** How a new token is refused at first, as Telegram's are now and then. */
export interface Flutter {
  readonly flutterMs: number;
  readonly flutterStatus: 401 | 504;
}

/** What the world is built upon. */
export interface WorldOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
}

/** All bots, users and chats. Bots are found by id, username and token, each in one step. */
export class World {
  readonly clock: Clock;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly #bots = new Map<number, Bot>();
  readonly #botsByUsername = new Map<string, Bot>();
  readonly #tokens = new Map<string, TokenEntry>();
  readonly #currentTokens = new Map<number, string>();
  readonly #users = new Map<number, TgUser>();
  readonly #usersByUsername = new Map<string, TgUser>();
  readonly #chats = new Map<number, Chat>();
  readonly #chatsByUsername = new Map<string, Chat>();
  #nextId = 0;

  constructor({ clock, random, ledger }: WorldOptions) {
    this.clock = clock;
    this.random = random;
    this.ledger = ledger;
  }

  /** The time as the Bot API tells it: whole seconds since the epoch. */
  unixTime(): number {
    return Math.floor(this.clock.wallMs() / 1_000);
  }

  /** The bot that `token` opens now; undefined for an unknown, revoked or not yet valid one. */
  botByToken(token: string): Bot | undefined {
    const entry = this.#tokens.get(token);
    return entry && entry.validFromMs <= this.clock.monotonicMs() ? entry.bot : undefined;
  }

  /** What a call with `token` gets that opens nothing now. */
  refusalOf(token: string): ApiError {
    const entry = this.#tokens.get(token);
    const isFluttering = entry !== undefined && Number.isFinite(entry.validFromMs);
    return isFluttering && entry.flutterStatus === 504
      ? new ApiError(504, 'Gateway Timeout')
      : new ApiError(401, 'Unauthorized');
  }

  /** Whether `token` was ever given out: a revoked one never makes a new bot. */
  knowsToken(token: string): boolean {
    return this.#tokens.has(token);
  }

  /** Makes a bot, or finds the one that this token has made before. */
  createBot(options: NewBot): { readonly bot: Bot; readonly token: string } {
    const known = options.token === undefined ? undefined : this.#tokens.get(options.token);
    if (known && options.token !== undefined) return { bot: known.bot, token: options.token };
    refuseAbove(this.#bots.size, MAX_BOTS, 'bots');
    const token = options.token ?? makeToken(FIRST_BOT_ID + this.#nextId++);
    const shape = tokenShape(token);
    if (shape.kind !== 'possible') {
      throw new Problem(
        400,
        'TOKEN_INVALID',
        'token must be <bot id>:<at least 24 of A-Z a-z 0-9 _ ->, 80 characters in all at most',
      );
    }
    if (this.#bots.has(shape.botId)) {
      throw notNow(
        'BOT_ID_TAKEN',
        `bot ${shape.botId} exists with another token; give it a new one with reissue-token`,
      );
    }
    const bot = this.#addBot(shape.botId, options);
    this.#tokens.set(token, { bot, validFromMs: Number.NEGATIVE_INFINITY, flutterStatus: 401 });
    this.#currentTokens.set(bot.id, token);
    return { bot, token };
  }

  /** Makes the bot's present token worthless at once. Does nothing where it has none. */
  revokeToken(bot: Bot): void {
    const entry = this.#tokens.get(this.#currentTokens.get(bot.id) ?? '');
    if (entry) entry.validFromMs = Number.POSITIVE_INFINITY;
    this.#currentTokens.delete(bot.id);
    bot.unload();
  }

  /** Gives the bot a new token, which is refused at first where `flutter` says so. */
  reissueToken(bot: Bot, flutter: Flutter): string {
    this.revokeToken(bot);
    const token = makeToken(bot.id);
    const { flutterMs, flutterStatus } = flutter;
    const validFromMs = this.clock.monotonicMs() + flutterMs;
    this.#tokens.set(token, { bot, validFromMs, flutterStatus });
    this.#currentTokens.set(bot.id, token);
    return token;
  }

  /** The bot with this id or username. */
  bot(ref: number | string): Bot {
    const bot =
      typeof ref === 'number' || /^\d+$/.test(ref)
        ? this.#bots.get(Number(ref))
        : this.#botsByUsername.get(usernameKey(ref));
    if (!bot) throw notFound('BOT_NOT_FOUND', `there is no bot ${ref}; make it with POST /bots`);
    return bot;
  }

  findBot(id: number): Bot | undefined {
    return this.#bots.get(id);
  }

  bots(): Iterable<Bot> {
    return this.#bots.values();
  }

  /** Makes a user, or finds the one with this username. */
  createUser(options: NewUser): TgUser {
    const key = options.username === undefined ? undefined : usernameKey(options.username);
    const known = key === undefined ? undefined : this.#usersByUsername.get(key);
    if (known) return known;
    refuseAbove(this.#users.size, MAX_USERS, 'users');
    const user: TgUser = {
      id: FIRST_USER_ID + this.#nextId++,
      is_bot: false,
      first_name: options.firstName,
      ...(options.lastName !== undefined && { last_name: options.lastName }),
      ...(options.username !== undefined && { username: options.username }),
      ...(options.languageCode !== undefined && { language_code: options.languageCode }),
    };
    this.#users.set(user.id, user);
    if (key !== undefined) this.#usersByUsername.set(key, user);
    return user;
  }

  user(id: number): TgUser {
    const user = this.findUser(id);
    if (!user) throw notFound('USER_NOT_FOUND', `there is no user ${id}; make it with POST /users`);
    return user;
  }

  /** A user or a bot by id. */
  findUser(id: number): TgUser | undefined {
    return this.#users.get(id) ?? this.#bots.get(id)?.user;
  }

  createChat({ type, title, username }: NewChat): Chat {
    const key = username === undefined ? undefined : usernameKey(username);
    const known = key === undefined ? undefined : this.#chatsByUsername.get(key);
    if (known) return known;
    refuseAbove(this.#chats.size, MAX_CHATS, 'chats');
    const number = FIRST_GROUP_ID + this.#nextId++;
    const id = type === 'group' ? -number : -(CHANNEL_ID_BASE + number);
    const info = { id, type, title, ...(username !== undefined && { username }) };
    const chat = new Chat(info, this.clock);
    this.#chats.set(id, chat);
    if (key !== undefined) this.#chatsByUsername.set(key, chat);
    return chat;
  }

  /** A group, supergroup or channel. */
  chat(id: number): Chat {
    const chat = this.#chats.get(id);
    if (!chat) throw notFound('CHAT_NOT_FOUND', `there is no chat ${id}; make it with POST /chats`);
    return chat;
  }

  /** A group, supergroup or channel by its id or by `@username`. */
  findChat(ref: number | string): Chat | undefined {
    return typeof ref === 'number'
      ? this.#chats.get(ref)
      : this.#chatsByUsername.get(usernameKey(ref));
  }

  chats(): Iterable<Chat> {
    return this.#chats.values();
  }

  /** The bots that are in `chat` now. */
  botsIn(chat: Chat): Bot[] {
    return chat.memberIds().flatMap((id) => this.#bots.get(id) ?? []);
  }

  /** The chat between a bot and a user, made when they first meet. */
  openPrivateChat(bot: Bot, user: TgUser): Chat {
    const known = bot.privateChats.get(user.id);
    if (known) return known;
    const chat = privateChat(user, this.clock);
    chat.memberships.set(bot.id, { status: 'member' });
    chat.memberships.set(user.id, { status: 'member' });
    bot.privateChats.set(user.id, chat);
    return chat;
  }

  /** Ends every poll and webhook and forgets everyone. */
  reset(): void {
    for (const bot of this.#bots.values()) this.revokeToken(bot);
    for (const map of [this.#bots, this.#botsByUsername, this.#tokens, this.#currentTokens]) {
      map.clear();
    }
    for (const map of [this.#users, this.#usersByUsername, this.#chats, this.#chatsByUsername]) {
      map.clear();
    }
  }

  #addBot(id: number, options: NewBot): Bot {
    const username = options.username ?? `emulated_${id}_bot`;
    const key = usernameKey(username);
    if (this.#botsByUsername.has(key)) {
      throw notNow('USERNAME_TAKEN', `another bot is called ${username}; choose another username`);
    }
    const { clock, random, ledger } = this;
    const bot = new Bot({
      name: { id, username },
      firstName: options.name ?? username,
      readsAllGroupMessages: options.readsAllGroupMessages ?? false,
      clock,
      random,
      ledger,
    });
    this.#bots.set(id, bot);
    this.#botsByUsername.set(key, bot);
    return bot;
  }
}

function usernameKey(username: string): string {
  return username.replace(/^@/, '').toLowerCase();
}

function refuseAbove(size: number, limit: number, what: string): void {
  if (size >= limit) {
    throw new Problem(
      507,
      'LIMIT_REACHED',
      `there are ${limit} ${what} already; reset to start anew`,
    );
  }
}
