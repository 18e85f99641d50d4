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

/** Older messages stay, except where the bot administers the chat. */
const DELETABLE_SECONDS = 48 * 3_600;

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

/**
 * A URL that Telegram would fetch (nothing is fetched here, and hosts below `.invalid` can't be), a
 * file id, or an upload, which gets an id.
 */
function fileArg({ args, world }: Call, field: 'photo' | 'document'): string {
  const file = args.file(field);
  if (file?.bytes === 0) throw badRequest('file must be non-empty');
  if (file) return `upload-${Math.floor(world.random() * 2 ** 48).toString(36)}`;
  const text = args.text(field);
  if (text === '' || text.startsWith('attach://'))
    throw badRequest(`there is no ${field} in the request`);
  if (/^[a-z]+:/i.test(text) && !URL.canParse(text)) throw badRequest('wrong HTTP URL specified');
  if (URL.canParse(text) && new URL(text).hostname.endsWith('.invalid')) {
    throw badRequest('failed to get HTTP URL content');
  }
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
  const { bot, world, args, limits } = call;
  const replyMarkup = replyMarkupArg(args);
  const chat = chatArg(call, 'write');
  if (chat.type === 'channel' && !chat.hasRight(bot.id, 'can_post_messages')) {
    throw badRequest('need administrator rights in the channel chat');
  }
  checkMaySend(chat, bot.id, content);
  const replyTo = repliedMessage(call, chat);
  limits.countMessage(bot, chat);
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

function checkMaySend(chat: Chat, botId: number, { photo, document }: Partial<TgMessage>): void {
  const { status, permissions } = chat.membershipOf(botId);
  const kind = photo ? 'photos' : document ? 'documents' : 'messages';
  if (status !== 'restricted' || permissions?.[`can_send_${kind}`] === true) return;
  const called = kind === 'messages' ? 'text messages' : kind;
  throw badRequest(`not enough rights to send ${called} to the chat`);
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
  const { args, bot, world } = call;
  if (args.text('chat_id') === '') throw badRequest('chat identifier is not specified');
  if (messageIdArg(args) === 0) throw badRequest('message identifier is not specified');
  const chat = chatArg(call, 'write');
  const message = messageIn(chat, messageIdArg(args), 'message to delete');
  const own = message.from?.id === bot.id;
  if (!chat.hasRight(bot.id, 'can_delete_messages')) {
    if (!own && chat.type !== 'private') throw badRequest("message can't be deleted");
    if (world.unixTime() - message.date > DELETABLE_SECONDS) {
      throw badRequest("message can't be deleted for everyone");
    }
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
