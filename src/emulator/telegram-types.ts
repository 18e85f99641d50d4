import type { AdminRight, Permissions } from './permissions.ts';

/** A user or bot, as the Bot API shows it. */
export interface TgUser {
  readonly id: number;
  readonly is_bot: boolean;
  readonly first_name: string;
  readonly last_name?: string;
  readonly username?: string;
  readonly language_code?: string;
}

export const CHAT_TYPES = ['private', 'group', 'supergroup', 'channel'] as const;
export type ChatType = (typeof CHAT_TYPES)[number];

/** A chat, as messages show it. */
export interface TgChat {
  readonly id: number;
  readonly type: ChatType;
  readonly title?: string;
  readonly username?: string;
  readonly first_name?: string;
  readonly last_name?: string;
}

/** A part of a text with a meaning. Offsets and lengths in UTF-16 code units. */
export interface TgEntity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly language?: string;
  readonly user?: TgUser;
}

/** A message, as far as the emulator makes any. */
export interface TgMessage {
  readonly message_id: number;
  readonly from?: TgUser;
  readonly sender_chat?: TgChat;
  readonly chat: TgChat;
  readonly date: number;
  readonly edit_date?: number;
  readonly reply_to_message?: TgMessage;
  readonly text?: string;
  readonly entities?: readonly TgEntity[];
  readonly caption?: string;
  readonly caption_entities?: readonly TgEntity[];
  readonly new_chat_members?: readonly TgUser[];
  readonly left_chat_member?: TgUser;
  readonly migrate_to_chat_id?: number;
  readonly migrate_from_chat_id?: number;
  readonly photo?: readonly object[];
  readonly document?: object;
  readonly reply_markup?: object;
}

export const MEMBER_STATUSES = [
  'creator',
  'administrator',
  'member',
  'restricted',
  'left',
  'kicked',
] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

/** A member's standing in a chat. `untilDate` in Unix seconds, 0 for ever. */
export interface Membership {
  readonly status: MemberStatus;
  readonly untilDate?: number;
  readonly isMember?: boolean;
  readonly permissions?: Permissions;
  /** Of an administrator, where they are not the usual ones. */
  readonly rights?: Readonly<Partial<Record<AdminRight, boolean>>> | undefined;
}
