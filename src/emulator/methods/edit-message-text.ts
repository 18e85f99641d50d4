import { badRequest } from '../api-error.ts';
import type { TgMessage } from '../telegram-types.ts';
import { MAX_TEXT_CHARS } from '../text.ts';
import { chatArg, messageIn } from './access.ts';
import { messageIdArg } from './arguments.ts';
import { formattedArg } from './formatted.ts';
import { type Answer, answer, type Call } from './method.ts';
import { replyMarkupArg } from './reply-markup.ts';

/** Changes the text and the buttons of a message that the bot has sent. */
export function editMessageText(call: Call): Answer {
  const { args, world } = call;
  if (args.text('text') === '') throw badRequest('message text is empty');
  const { text, entities } = formattedArg(args, 'text', 'entities');
  const markup = replyMarkupArg(args);
  const old = messageToEdit(call);
  if (text === '') throw badRequest('message text is empty');
  if (text.length > MAX_TEXT_CHARS) throw badRequest('MESSAGE_TOO_LONG');
  const { entities: _entities, reply_markup: _markup, ...kept } = old.message;
  const changed: TgMessage = {
    ...kept,
    text,
    ...(entities.length > 0 && { entities }),
    ...(markup && 'inline_keyboard' in markup && { reply_markup: markup }),
    edit_date: world.unixTime(),
  };
  if (content(old.message) === content(changed)) {
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  }
  old.chat.replaceMessage(changed);
  return { ...answer(changed), messageId: changed.message_id };
}

function messageToEdit(call: Call): {
  readonly chat: ReturnType<typeof chatArg>;
  readonly message: TgMessage;
} {
  const { args, bot } = call;
  const messageId = messageIdArg(args);
  if (args.text('chat_id') === '' && messageId === 0) {
    throw badRequest(
      args.text('inline_message_id') === ''
        ? 'message identifier is not specified'
        : 'MESSAGE_ID_INVALID',
    );
  }
  const chat = chatArg(call, 'edit');
  const message = messageIn(chat, messageId, 'message to edit');
  if (message.from?.id !== bot.id && message.sender_chat === undefined) {
    throw badRequest("message can't be edited");
  }
  if (message.text === undefined) throw badRequest('there is no text in the message to edit');
  return { chat, message };
}

function content({ text, entities = [], reply_markup: markup = {} }: TgMessage): string {
  return JSON.stringify([text, entities, markup]);
}
