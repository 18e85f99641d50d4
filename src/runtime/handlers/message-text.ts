import type { Context } from 'grammy';
import type { Message, MessageEntity } from 'grammy/types';
import type { UpdateKind } from '../../lib/update-kinds.ts';

/** What handlers of text answer to: new messages, not edits of old ones. */
export const TEXT_KINDS: readonly UpdateKind[] = ['message'];

/** What somebody wrote: the text of a message, or the caption below a picture. */
export interface MessageText {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
}

/** The words of the message that `ctx` brings; undefined where it has none. */
export function messageText(ctx: Context): MessageText | undefined {
  return textOf(ctx.message);
}

/** The words of `message`; undefined where it has none. */
export function textOf(message: Message | undefined): MessageText | undefined {
  // Telegram promises strings; a server that stands in for it may not keep that.
  if (typeof message?.text === 'string') {
    return { text: message.text, entities: message.entities ?? [] };
  }
  if (typeof message?.caption !== 'string') return undefined;
  return { text: message.caption, entities: message.caption_entities ?? [] };
}
