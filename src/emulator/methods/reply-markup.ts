import { badRequest } from '../api-error.ts';
import type { Args } from '../args.ts';
import { isObject, jsonArg } from './arguments.ts';

const MAX_CALLBACK_BYTES = 64;

/** What makes an inline button do something; every button needs exactly one of them. */
const INLINE_ACTIONS = [
  'url',
  'callback_data',
  'web_app',
  'login_url',
  'switch_inline_query',
  'switch_inline_query_current_chat',
  'switch_inline_query_chosen_chat',
  'copy_text',
  'callback_game',
  'pay',
];

/** The keyboard of a message, checked; undefined where there is none. */
export function replyMarkupArg(args: Args): object | undefined {
  const markup = jsonArg(args, 'reply_markup', "can't parse reply keyboard markup JSON object");
  if (markup === undefined) return undefined;
  if (!isObject(markup)) throw badRequest('object expected as reply markup');
  checkRows(markup['keyboard'], 'field "keyboard" must be an Array of Arrays', checkKeyboardButton);
  checkRows(
    markup['inline_keyboard'],
    'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
    checkInlineButton,
  );
  return markup;
}

function checkRows(rows: unknown, complaint: string, check: (button: unknown) => void): void {
  if (rows === undefined) return;
  if (!Array.isArray(rows)) throw badRequest(complaint);
  for (const row of rows) {
    if (!Array.isArray(row)) throw badRequest(complaint);
    row.forEach(check);
  }
}

function checkKeyboardButton(button: unknown): void {
  const text = isObject(button) ? button['text'] : button;
  if (typeof text === 'string') return;
  throw badRequest(
    isObject(button)
      ? 'can\'t parse keyboard button: Can\'t find field "text"'
      : "can't parse keyboard button: KeyboardButton must be an Object or a String",
  );
}

function checkInlineButton(button: unknown): void {
  const complaint = "can't parse inline keyboard button: ";
  if (!isObject(button)) throw badRequest(`${complaint}InlineKeyboardButton must be an Object`);
  if (typeof button['text'] !== 'string') throw badRequest(`${complaint}Can't find field "text"`);
  if (!INLINE_ACTIONS.some((action) => action in button)) {
    throw badRequest(`${complaint}Text buttons are unallowed in the inline keyboard`);
  }
  const data = button['callback_data'];
  if (typeof data === 'string' && Buffer.byteLength(data) > MAX_CALLBACK_BYTES) {
    throw badRequest('BUTTON_DATA_INVALID');
  }
}
