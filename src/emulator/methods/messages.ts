import { badRequest } from '../api-error.ts';
import type { Args } from '../args.ts';
import { type Chat, quoted } from '../chat.ts';
import type { TgMessage } from '../telegram-types.ts';
import { MAX_CAPTION_CHARS, MAX_TEXT_CHARS } from '../text.ts';
import { chatArg, messageIn } from './access.ts';
import { isObject, messageIdArg, objectArg } from './arguments.ts';
import { editMessageText } from './edit-message-text.ts';
import { formattedArg } from './formatted.ts';
import { type Answer, answer, type Call, type Method } from './method.ts';
import { replyMarkupArg } from './reply-markup.ts';

/** Sending, changing and deleting messages. */
export const MESSAGE_METHODS: readonly Method[] = [
  { name: 'sendMessage', run: sendMessage },
  { name: 'sendPhoto', run: sendPhoto },
  { name: 'sendDocument', run: sendDocument },
  { name: 'editMessageText', run: editMessageText },
  { name: 'deleteMessage', run: deleteMessage },
  { name: 'answerCallbackQuery', run: answerCallbackQuery },
  { name: 'sendChatAction', run: sendChatAction },
];

function sendMessage(call: Call): Answer {
  if (call.args.text('text') === '') throw badRequest('message text is empty');
  const { text, entities } = formattedArg(call.args, 'text', 'entities');
  if (text === '') throw badRequest('message text is empty');
  if (text.length > MAX_TEXT_CHARS) throw badRequest('message is too long');
  return send(call, { text, ...(entities.length > 0 && { entities }) });
}

function sendPhoto(call: Call): Answer {
  const fileId = fileArg(call, 'photo');
  return send(call, {
    photo: [{ file_id: fileId, file_unique_id: uniqueId(fileId), width: 640, height: 480 }],
    ...captionArg(call.args),
  });
}

function sendDocument(call: Call): Answer {
  const fileId = fileArg(call, 'document');
  const name = call.args.file('document')?.name ?? fileId.split('/').at(-1);
  return send(call, {
    document: { file_id: fileId, file_unique_id: uniqueId(fileId), file_name: name },
    ...captionArg(call.args),
  });
}

/** A URL that Telegram would fetch, a file id, or an upload, which gets an id. */
function fileArg({ args, world }: Call, field: 'photo' | 'document'): string {
  const file = args.file(field);
  if (file?.bytes === 0) throw badRequest('file must be non-empty');
  if (file) return `upload-${Math.floor(world.random() * 2 ** 48).toString(36)}`;
  const text = args.text(field);
  if (text === '' || text.startsWith('attach://'))
    throw badRequest(`there is no ${field} in the request`);
  if (/^[a-z]+:/i.test(text) && !URL.canParse(text)) throw badRequest('wrong HTTP URL specified');
  if (!URL.canParse(text) && !/^[A-Za-z0-9_-]+$/.test(text)) {
    throw badRequest('wrong remote file identifier specified: Wrong character in the string');
  }
  return text;
}

function uniqueId(fileId: string): string {
  return Buffer.from(fileId).toString('base64url').slice(-16);
}

function captionArg(args: Args): Pick<TgMessage, 'caption' | 'caption_entities'> {
  const { text, entities } = formattedArg(args, 'caption', 'caption_entities');
  if (text.length > MAX_CAPTION_CHARS) throw badRequest('message caption is too long');
  if (text === '') return {};
  return { caption: text, ...(entities.length > 0 && { caption_entities: entities }) };
}

/** Checks everything that all sending methods share, then stores a message with `content`. */
function send(call: Call, content: Partial<TgMessage>): Answer {
  const { bot, world, args } = call;
  const replyMarkup = replyMarkupArg(args);
  const chat = chatArg(call, 'write');
  if (chat.type === 'channel' && !chat.isAdmin(bot.id)) {
    throw badRequest('need administrator rights in the channel chat');
  }
  checkMayTalk(chat, bot.id);
  const replyTo = repliedMessage(call, chat);
  const message = chat.addMessage((id) => ({
    message_id: id,
    ...(chat.type === 'channel' ? { sender_chat: chat.info } : { from: bot.user }),
    chat: chat.info,
    date: world.unixTime(),
    ...(replyTo && { reply_to_message: quoted(replyTo) }),
    ...content,
    ...(replyMarkup && 'inline_keyboard' in replyMarkup && { reply_markup: replyMarkup }),
  }));
  return { ...answer(message), messageId: message.message_id };
}

function checkMayTalk(chat: Chat, botId: number): void {
  const { status, permissions } = chat.membershipOf(botId);
  if (status === 'restricted' && permissions?.can_send_messages !== true) {
    throw badRequest('not enough rights to send text messages to the chat');
  }
}

function repliedMessage({ args }: Call, chat: Chat): TgMessage | undefined {
  const reply = args.has('reply_parameters')
    ? objectArg(args, 'reply_parameters', 'reply parameters')
    : {
        message_id: messageIdArg(args, 'reply_to_message_id'),
        allow_sending_without_reply: args.bool('allow_sending_without_reply'),
      };
  if (!isObject(reply) || Object.keys(reply).length === 0) return undefined;
  const id = Number(reply['message_id']);
  if (!Number.isInteger(id)) throw badRequest('field "message_id" must be a Number');
  if (id <= 0) return undefined;
  const message = chat.message(id);
  if (!message && reply['allow_sending_without_reply'] !== true) {
    throw badRequest('message to be replied not found');
  }
  return message;
}

function deleteMessage(call: Call): Answer {
  const { args, bot } = call;
  if (args.text('chat_id') === '') throw badRequest('chat identifier is not specified');
  if (messageIdArg(args) === 0) throw badRequest('message identifier is not specified');
  const chat = chatArg(call, 'write');
  const message = messageIn(chat, messageIdArg(args), 'message to delete');
  const own = message.from?.id === bot.id;
  if (!own && chat.type !== 'private' && !chat.isAdmin(bot.id)) {
    throw badRequest("message can't be deleted");
  }
  chat.deleteMessage(message.message_id);
  return answer(true);
}

function answerCallbackQuery({ bot, args, world }: Call): Answer {
  const deadlineMs = bot.callbackDeadlinesMs.get(args.text('callback_query_id')) ?? 0;
  if (deadlineMs < world.clock.monotonicMs()) {
    throw badRequest('query is too old and response timeout expired or query ID is invalid');
  }
  if (args.text('text').length > 200) throw badRequest('MESSAGE_TOO_LONG');
  return answer(true);
}

const CHAT_ACTIONS = new Set([
  'cancel',
  'typing',
  'record_video',
  'upload_video',
  'record_audio',
  'record_voice',
  'upload_audio',
  'upload_voice',
  'upload_photo',
  'upload_document',
  'choose_sticker',
  'pick_up_location',
  'find_location',
  'record_video_note',
  'upload_video_note',
]);

function sendChatAction(call: Call): Answer {
  if (!CHAT_ACTIONS.has(call.args.text('action').toLowerCase())) {
    throw badRequest('wrong parameter action in request');
  }
  chatArg(call, 'write');
  return answer(true);
}
