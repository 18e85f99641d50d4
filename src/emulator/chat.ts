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
  readonly #messages = new Map<number, TgMessage>();
  #nextMessageId = 1;

  constructor(info: TgChat) {
    this.info = info;
  }

  get id(): number {
    return this.info.id;
  }

  get type(): ChatType {
    return this.info.type;
  }

  membershipOf(id: number): Membership {
    return this.memberships.get(id) ?? { status: 'left' };
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
export function privateChat(user: TgUser): Chat {
  return new Chat({
    id: user.id,
    type: 'private',
    first_name: user.first_name,
    ...(user.last_name !== undefined && { last_name: user.last_name }),
    ...(user.username !== undefined && { username: user.username }),
  });
}
