import type { InlineKeyboardButton } from 'grammy/types';
import type { MembershipGate, RequiredChat } from '../../../api/membership-gate.ts';
import { parseModeOption } from '../message.ts';
import { compileTemplate, type ReplyValues } from '../render.ts';
import type { Freshness } from './member-cache.ts';

/** How long an absence that was seen counts: whoever joins should not wait long. */
const ABSENT_MS = 10_000;

/** A message that asks somebody to join. */
export interface Prompt {
  readonly text: string;
  readonly options: object;
}

/** One `membershipGate` of a spec, ready to use. */
export interface Gate {
  readonly spec: MembershipGate;
  /** The chats to be in, in the form of {@link chatKey}. */
  readonly chats: readonly string[];
  readonly fresh: Freshness;
  /** Whether nobody passes while Telegram does not tell who has joined. */
  readonly closesOnFailure: boolean;
  /** The prompt for who is missing in `chats`; a press of its button carries `data`. */
  prompt(values: ReplyValues, chats: readonly string[], data: string): Prompt;
}

/** Throws an input error where the prompt's text is none. */
export function compileGate(spec: MembershipGate): Gate {
  const render = compileTemplate(spec.prompt);
  const buttons = new Map(
    spec.requires.map((required) => [chatKey(required.chat), joinButton(required, spec)]),
  );
  return {
    spec,
    chats: [...buttons.keys()],
    fresh: { joinedMs: spec.recheckSeconds * 1_000, absentMs: ABSENT_MS },
    closesOnFailure: spec.failurePolicy === 'Fail',
    prompt(values, chats, data) {
      const join = chats.flatMap((chat) => buttons.get(chat) ?? []).map((button) => [button]);
      const verify = [{ text: spec.prompt.verifyButton, callback_data: data }];
      return {
        text: render(values),
        options: {
          ...parseModeOption(spec.prompt.parseMode),
          reply_markup: { inline_keyboard: [...join, verify] },
        },
      };
    },
  };
}

/** The one form of a chat's id or @username; usernames are the same in any case. */
export function chatKey(chat: string | number): string {
  return String(chat).toLowerCase();
}

function joinButton({ chat, title, joinUrl }: RequiredChat, { prompt }: MembershipGate) {
  const name = title ?? (chat.startsWith('@') ? chat : 'chat');
  const url = joinUrl ?? `https://t.me/${chat.slice(1)}`;
  return { text: `${prompt.joinButton} ${name}`, url } satisfies InlineKeyboardButton;
}
