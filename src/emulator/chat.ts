import type { Clock } from '../lib/clock.ts';
import { type AdminRight, USUAL_RIGHTS } from './permissions.ts';
import type { ChatType, Membership, TgChat, TgMessage, TgUser } from './telegram-types.ts';

/** Messages remembered per chat, for edits, deletions and replies. The oldest are forgotten. */
const MESSAGES_KEPT = 500;

/**
 * One chat with its members and latest messages. A private chat belongs to one pair of user and
 * bot, as in Telegram, where each bot has its own numbering with each user.
 */
export class Chat {
  readonly info: TgChat;
  readonly memberships = new Map<number, Membership>();
  readonly joinRequests = new Set<number>();
  /** The supergroup that this group has become. */
  upgradedTo: number | undefined;
  /** When a user last wrote or pressed a button here, by the monotonic clock. */
  heardAtMs = Number.NEGATIVE_INFINITY;
  readonly #messages = new Map<number, TgMessage>();
  readonly #clock: Clock;
  #nextMessageId = 1;

  constructor(info: TgChat, clock: Clock) {
    this.info = info;
    this.#clock = clock;
  }

  get id(): number {
    return this.info.id;
  }

  get type(): ChatType {
    return this.info.type;
  }

  /** Somebody's standing now: a restriction or a ban whose time is up is over. */
  membershipOf(id: number): Membership {
    const membership = this.memberships.get(id) ?? { status: 'left' };
    const { status, untilDate = 0, isMember = true } = membership;
    if (untilDate === 0 || untilDate * 1_000 > this.#clock.wallMs()) return membership;
    if (status === 'kicked') return { status: 'left' };
    if (status === 'restricted') return { status: isMember ? 'member' : 'left' };
    return membership;
  }

  isMember(id: number): boolean {
    const { status, isMember } = this.membershipOf(id);
    if (status === 'restricted') return isMember !== false;
    return status !== 'left' && status !== 'kicked';
  }

  isAdmin(id: number): boolean {
    const { status } = this.membershipOf(id);
    return status === 'creator' || status === 'administrator';
  }

  /** Whether somebody administers the chat and may do this there. */
  hasRight(id: number, right: AdminRight): boolean {
    const { status, rights } = this.membershipOf(id);
    if (status === 'creator') return true;
    return status === 'administrator' && (rights?.[right] ?? USUAL_RIGHTS[right]);
  }

  /** Everyone who is in the chat now. */
  memberIds(): number[] {
    return [...this.memberships.keys()].filter((id) => this.isMember(id));
  }

  /** Stores the message that `make` returns for the id that it gets. */
  addMessage(make: (id: number) => TgMessage): TgMessage {
    const message = make(this.#nextMessageId++);
    this.#messages.set(message.message_id, message);
    if (this.#messages.size > MESSAGES_KEPT) {
      const [oldest] = this.#messages.keys();
      if (oldest !== undefined) this.#messages.delete(oldest);
    }
    return message;
  }

  message(id: number): TgMessage | undefined {
    return this.#messages.get(id);
  }

  replaceMessage(message: TgMessage): void {
    this.#messages.set(message.message_id, message);
  }

  deleteMessage(id: number): boolean {
    return this.#messages.delete(id);
  }

  /** The remembered messages, oldest first. */
  messages(): TgMessage[] {
    return [...this.#messages.values()];
  }
}

/** `message` as an answer to it shows it: without what it answers itself. */
export function quoted({ reply_to_message: _deeper, ...message }: TgMessage): TgMessage {
  return message;
}

/** The chat between `user` and one bot. */
export function privateChat(user: TgUser, clock: Clock): Chat {
  const info: TgChat = {
    id: user.id,
    type: 'private',
    first_name: user.first_name,
    ...(user.last_name !== undefined && { last_name: user.last_name }),
    ...(user.username !== undefined && { username: user.username }),
  };
  return new Chat(info, clock);
}
