import { expect, it } from 'vitest';
import { acquainted, testEmulator } from './support.ts';

const ANN = 'ANN';

/** A call, and the error that the real server answers. `ANN` stands for the user's id. */
const REFUSED: readonly (readonly [string, object, number, string])[] = [
  ['sendMessage', { chat_id: ANN }, 400, 'Bad Request: message text is empty'],
  ['sendMessage', { chat_id: ANN, text: ' \n ' }, 400, 'Bad Request: message text is empty'],
  ['sendMessage', { text: 'hi' }, 400, 'Bad Request: chat_id is empty'],
  ['sendMessage', { chat_id: 1, text: 'hi' }, 400, 'Bad Request: chat not found'],
  ['sendMessage', { chat_id: '@nobody', text: 'hi' }, 400, 'Bad Request: chat not found'],
  [
    'sendMessage',
    { chat_id: ANN, text: 'x'.repeat(4_097) },
    400,
    'Bad Request: message is too long',
  ],
  ['sendMessage', { chat_id: ANN, text: 'x'.repeat(40_000) }, 400, 'Bad Request: text is too long'],
  [
    'sendMessage',
    { chat_id: ANN, text: 'half \ud83d' },
    400,
    'Bad Request: strings must be encoded in UTF-8',
  ],
  [
    'sendMessage',
    { chat_id: ANN, text: 'hi', parse_mode: 'BBCode' },
    400,
    'Bad Request: unsupported parse_mode',
  ],
  [
    'sendMessage',
    { chat_id: ANN, text: '<blink>', parse_mode: 'HTML' },
    400,
    'Bad Request: can\'t parse entities: Unsupported start tag "blink" at byte offset 0',
  ],
  [
    'sendMessage',
    { chat_id: ANN, text: 'hi', reply_to_message_id: 99 },
    400,
    'Bad Request: message to be replied not found',
  ],
  [
    'sendMessage',
    { chat_id: ANN, text: 'hi', reply_markup: '{broken' },
    400,
    "Bad Request: can't parse reply keyboard markup JSON object",
  ],
  [
    'sendMessage',
    { chat_id: ANN, text: 'hi', reply_markup: { inline_keyboard: [[{ text: 'x' }]] } },
    400,
    "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
  ],
  [
    'sendMessage',
    {
      chat_id: ANN,
      text: 'hi',
      reply_markup: { inline_keyboard: [[{ text: 'x', callback_data: 'y'.repeat(65) }]] },
    },
    400,
    'Bad Request: BUTTON_DATA_INVALID',
  ],
  ['sendPhoto', { chat_id: ANN }, 400, 'Bad Request: there is no photo in the request'],
  ['sendDocument', { chat_id: ANN }, 400, 'Bad Request: there is no document in the request'],
  [
    'editMessageText',
    { chat_id: ANN, message_id: 99, text: 'x' },
    400,
    'Bad Request: message to edit not found',
  ],
  [
    'editMessageText',
    { chat_id: ANN, message_id: 1, text: 'x' },
    400,
    "Bad Request: message can't be edited",
  ],
  [
    'deleteMessage',
    { chat_id: ANN, message_id: 99 },
    400,
    'Bad Request: message to delete not found',
  ],
  ['deleteMessage', { chat_id: ANN }, 400, 'Bad Request: message identifier is not specified'],
  [
    'answerCallbackQuery',
    { callback_query_id: '1' },
    400,
    'Bad Request: query is too old and response timeout expired or query ID is invalid',
  ],
  [
    'sendChatAction',
    { chat_id: ANN, action: 'dance' },
    400,
    'Bad Request: wrong parameter action in request',
  ],
  ['getChat', { chat_id: -5 }, 400, 'Bad Request: chat not found'],
  ['getChatMember', { chat_id: ANN }, 400, 'Bad Request: invalid user_id specified'],
  ['getChatMember', { chat_id: ANN, user_id: 5 }, 400, 'Bad Request: user not found'],
  [
    'banChatMember',
    { chat_id: ANN, user_id: 5 },
    400,
    "Bad Request: can't ban members in private chats",
  ],
  ['setMyCommands', { commands: '{' }, 400, "Bad Request: can't parse commands JSON object"],
  ['setMyCommands', { commands: {} }, 400, 'Bad Request: expected an Array of BotCommand'],
  [
    'setMyCommands',
    { commands: [{ command: 'Start', description: 'x' }] },
    400,
    'Bad Request: BOT_COMMAND_INVALID',
  ],
  ['setMyName', { name: 'x'.repeat(65) }, 400, 'Bad Request: name is too long'],
  [
    'setMyDescription',
    { description: 'x'.repeat(513) },
    400,
    'Bad Request: description is too long',
  ],
  [
    'setMyShortDescription',
    { short_description: 'x'.repeat(121) },
    400,
    'Bad Request: short description is too long',
  ],
  [
    'setMyName',
    { name: 'x', language_code: 'english' },
    400,
    'Bad Request: invalid language code specified',
  ],
  ['getMyCommands', { language_code: 'E1' }, 400, 'Bad Request: invalid language code specified'],
  [
    'sendPhoto',
    { chat_id: ANN, photo: 'https://gone.invalid/a.png' },
    400,
    'Bad Request: failed to get HTTP URL content',
  ],
  [
    'sendDocument',
    { chat_id: ANN, document: 'not an id' },
    400,
    'Bad Request: wrong remote file identifier specified: Wrong character in the string',
  ],
  ['setWebhook', { url: 'ftp://127.0.0.1' }, 400, 'Bad Request: invalid webhook URL specified'],
  ['noSuchMethod', {}, 404, 'Not Found: method not found'],
];

it('methods refuse what the real server refuses, in its words', async () => {
  const test = await testEmulator();
  const { bot, user } = await acquainted(test);
  const answers: unknown[] = [];
  for (const [method, parameters] of REFUSED) {
    const json = JSON.parse(
      JSON.stringify(parameters).replaceAll(`"${ANN}"`, String(user.id)),
    ) as object;
    const { status, body } = await test.api(bot.token, method, json);
    answers.push([method, parameters, status, body.description]);
  }
  expect(answers).toEqual(REFUSED);
});
