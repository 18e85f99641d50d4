import type { Context } from 'grammy';
import type { InlineKeyboardMarkup } from 'grammy/types';
import {
  type Buttons,
  MAX_CAPTION_CHARACTERS,
  type ParseMode,
  type Reply,
} from '../../api/reply.ts';
import { compileTemplate, type ReplyValues } from './render.ts';

/** A message ready to be sent: what to call, with what, apart from whom it goes to. */
export interface ReadyMessage {
  readonly method: 'sendMessage' | 'sendPhoto' | 'sendDocument';
  /** The text, or the address or id of the file. */
  readonly content: string;
  readonly options: MessageOptions;
}

/** What goes with any message, as the Bot API names it. */
interface MessageOptions {
  readonly caption?: string;
  readonly parse_mode?: Exclude<ParseMode, 'None'>;
  readonly reply_markup?: InlineKeyboardMarkup;
}

/**
 * A function that makes the message of `reply`; undefined where nothing is left to read in it,
 * since Telegram would refuse that. A file is sent without a text that is empty.
 */
export function compileMessage(reply: Reply): (values: ReplyValues) => ReadyMessage | undefined {
  const file = reply.photo ?? reply.document;
  const render = renderer(reply, file === undefined ? undefined : MAX_CAPTION_CHARACTERS);
  const options = { ...parseModeOption(reply.parseMode), ...keyboard(reply.buttons) };
  return (values) => {
    const text = render(values);
    const isEmpty = text.trim() === '';
    if (file === undefined) {
      return isEmpty ? undefined : { method: 'sendMessage', content: text, options };
    }
    const method = reply.photo === undefined ? 'sendDocument' : 'sendPhoto';
    const caption = isEmpty ? {} : { caption: text };
    return { method, content: file, options: { ...caption, ...options } };
  };
}

/** What the placeholders stand for in an answer to `ctx`. */
export function valuesOf(ctx: Context, args: string): ReplyValues {
  return {
    firstName: ctx.from?.first_name ?? '',
    username: ctx.from?.username ?? '',
    args,
    botName: ctx.me.first_name,
  };
}

/** `parse_mode` as a parameter; none where a text is to stand as it is. */
export function parseModeOption(mode: ParseMode): Pick<MessageOptions, 'parse_mode'> {
  return mode === 'None' ? {} : { parse_mode: mode };
}

/** `reply_markup` as a parameter; none without buttons. */
export function keyboard(rows: Buttons | undefined): Pick<MessageOptions, 'reply_markup'> {
  if (!rows) return {};
  const inline_keyboard = rows.map((row) =>
    row.map(({ text, callback, url = '' }) =>
      callback === undefined ? { text, url } : { text, callback_data: callback },
    ),
  );
  return { reply_markup: { inline_keyboard } };
}

function renderer(
  { text, parseMode }: Reply,
  maxCharacters: number | undefined,
): (values: ReplyValues) => string {
  return text === undefined ? () => '' : compileTemplate({ text, parseMode }, maxCharacters);
}
