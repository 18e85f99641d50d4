import { type ChatKey, MAX_KEY } from '../../../api/cooldown.ts';
import { Pace } from './pace.ts';
import { NO_PAUSE, type Pause } from './pause.ts';
import type { RateLimit } from './rate-limit.ts';
import { SlidingWindow } from './sliding-window.ts';
import type { Lane } from './waiting-line.ts';

/** One message a second to one user on average, of which so many may go at once. */
const PRIVATE_INTERVAL_MS = 1_000;
const PRIVATE_BURST = 3;
/** To one group or channel; a little more than a minute, since calls take unequally long. */
const GROUP_LIMIT = 20;
const GROUP_WINDOW_MS = 61_000;
/** A bot may set its webhook once a second; a little more keeps clear of it. */
const SET_WEBHOOK_INTERVAL_MS = 1_100;
/** No more chats are kept in mind, busy as they may be. */
const MAX_CHATS = 2_000;

const LIMITS = {
  user: {
    create: () => new Pace(PRIVATE_INTERVAL_MS, PRIVATE_BURST),
    words: 'a user gets one message a second at most, on average',
  },
  group: {
    create: () => new SlidingWindow(GROUP_LIMIT, GROUP_WINDOW_MS),
    words: `a group or channel gets ${GROUP_LIMIT} messages a minute at most`,
  },
  setWebhook: {
    create: () => new Pace(SET_WEBHOOK_INTERVAL_MS, 1),
    words: 'a bot may set its webhook once a second at most',
  },
} as const;

/**
 * What is known of one chat, or of a method that is about none: Telegram's limit for it, ahead of
 * time, and Telegram's pause.
 */
export class Chat implements Lane {
  readonly kind: keyof typeof LIMITS | 'none';
  waiting = 0;
  /** Calls that have had their turn and not ended. */
  running = 0;
  /** Those of them that are limited here and not sent yet. */
  unsent = 0;
  /** Telegram's last pause for this chat. */
  pause: Pause = NO_PAUSE;
  #limit: RateLimit | undefined;

  constructor(kind: Chat['kind']) {
    this.kind = kind;
  }

  /** Whether it is a chat, and no method. */
  get isChat(): boolean {
    return this.kind === 'user' || this.kind === 'group';
  }

  /** Whether calls of `method` are limited here: in a chat messages alone. */
  limits(method: string): boolean {
    return this.kind === 'setWebhook' || isMessage(method);
  }

  /** The earliest time for a call that is not limited: when the pause is over. */
  callMs(nowMs: number): number {
    return Math.max(nowMs, this.pause.untilMs);
  }

  /** The earliest time for one that is, as in {@link RateLimit.earliestMs}, pause included. */
  limitedMs(nowMs: number, ahead: number): number {
    // Nothing was sent lately: all but what is about to be sent may go at once.
    if (!this.#limit && ahead + this.unsent === 0) return this.callMs(nowMs);
    return Math.max(this.pause.untilMs, this.#theLimit().earliestMs(nowMs, ahead + this.unsent));
  }

  /** Counts one that is limited and sent now. */
  add(nowMs: number): void {
    this.#theLimit().add(nowMs);
  }

  isPaused(nowMs: number): boolean {
    return this.pause.untilMs > nowMs;
  }

  isIdle(nowMs: number): boolean {
    const isUsed = this.waiting > 0 || this.running > 0 || this.isPaused(nowMs);
    return !isUsed && (this.#limit?.isIdle(nowMs) ?? true);
  }

  /** What is limited, for people. */
  get limitWords(): string {
    return this.kind === 'none' ? 'this method has a limit' : LIMITS[this.kind].words;
  }

  #theLimit(): RateLimit {
    this.#limit ??= LIMITS[this.kind === 'none' ? 'user' : this.kind].create();
    return this.#limit;
  }
}

/** The chats that one bot has to do with at the moment. Forgets those that are idle. */
export class Chats {
  readonly #chats = new Map<ChatKey, Chat>();

  get size(): number {
    return this.#chats.size;
  }

  /** The chat of that key. */
  use(key: ChatKey, nowMs: number): Chat {
    const known = this.#chats.get(key);
    if (known) return known;
    // Two for each that comes, so that it shrinks, and no call pays for many.
    this.#lookAtFirst(nowMs);
    this.#lookAtFirst(nowMs);
    const chat = new Chat(kindOf(key));
    this.#chats.set(key, chat);
    return chat;
  }

  /** Whether Telegram asked for a pause in another chat than `chat`, which is not over. */
  hasOtherPause(chat: Chat, nowMs: number): boolean {
    return this.#chats
      .values()
      .some((other) => other !== chat && other.isChat && other.isPaused(nowMs));
  }

  /** The pause for what has that key. */
  pauseOf(key: ChatKey): Pause {
    return this.#chats.get(key)?.pause ?? NO_PAUSE;
  }

  /** The pauses that are not over, by what they hold for. */
  *pauses(nowMs: number): Generator<readonly [of: ChatKey, pause: Pause]> {
    for (const [key, chat] of this.#chats) if (chat.isPaused(nowMs)) yield [key, chat.pause];
  }

  /** Forgets all that are idle. */
  tidy(nowMs: number): void {
    for (const [key, chat] of this.#chats) if (chat.isIdle(nowMs)) this.#chats.delete(key);
  }

  /** Forgets the first if it is idle or one too many, else makes it the last. */
  #lookAtFirst(nowMs: number): void {
    const [first] = this.#chats;
    if (!first) return;
    const [key, chat] = first;
    this.#chats.delete(key);
    if (chat.isIdle(nowMs) || this.#chats.size >= MAX_CHATS - 1) return;
    this.#chats.set(key, chat);
  }
}

/**
 * What a call is about, from its parameters: the chat, else the method, since Telegram may pause a
 * single method as well. A number is the same chat as its digits.
 */
export function chatKeyOf(method: string, payload: object): ChatKey {
  const { chat_id: id } = payload as { readonly chat_id?: unknown };
  if (!isName(id)) return Number.isSafeInteger(id) ? (id as number) : method.slice(0, MAX_KEY);
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : `@${id.slice(0, MAX_KEY - 1).toLowerCase()}`;
}

function isName(id: unknown): id is string {
  return typeof id === 'string' && id !== '';
}

/** Whether Telegram counts the call as a message to its chat. */
export function isMessage(method: string): boolean {
  if (method.startsWith('send')) return method !== 'sendChatAction';
  return method.startsWith('copyMessage') || method.startsWith('forwardMessage');
}

/** Public names are those of groups and channels. */
function kindOf(key: ChatKey): Chat['kind'] {
  if (typeof key === 'number') return key < 0 ? 'group' : 'user';
  if (key === 'setWebhook') return key;
  return key.startsWith('@') ? 'group' : 'none';
}
