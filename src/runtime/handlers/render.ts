import { MAX_MESSAGE_CHARACTERS, type ParseMode } from '../../api/reply.ts';
import { type Placeholder, parseTemplate } from '../../api/template.ts';
import { inputError } from '../../lib/errors.ts';
import { escapeCharacter } from './escape.ts';

/** What each placeholder stands for; empty where there is nothing. */
export type ReplyValues = Readonly<Record<Placeholder, string>>;

/** Text with placeholders, and how Telegram reads it. */
export interface Template {
  readonly text: string;
  readonly parseMode: ParseMode;
}

const ELLIPSIS = '…';

/**
 * A function that fills in a template, up to `maxCharacters`. Values are escaped for the parse mode, so that they
 * show as they are and change nothing around them. What was written in the manifest is never cut;
 * a value that makes the whole exceed Telegram's limit is, between two characters, with an
 * ellipsis. The limit is counted in UTF-16 units and before Telegram reads the markup: the
 * narrowest way to understand it.
 */
export function compileTemplate(
  { text: source, parseMode }: Template,
  maxCharacters = MAX_MESSAGE_CHARACTERS,
): (values: ReplyValues) => string {
  const template = parseTemplate(source);
  if (!template.ok) throw inputError('TEMPLATE_INVALID', `reply: ${template.message}`);
  const { parts } = template;
  const fixed = parts.reduce((sum, part) => sum + (part.kind === 'text' ? part.text.length : 0), 0);
  return (values) => {
    let room = Math.max(0, maxCharacters - fixed);
    let text = '';
    for (const part of parts) {
      if (part.kind === 'text') {
        text += part.text;
        continue;
      }
      const inserted = escapeInto(room, values[part.name], parseMode);
      room -= inserted.length;
      text += inserted;
    }
    return text;
  };
}

/** What stands for itself in every parse mode: most names do. */
const PLAIN = /^[\p{L}\d ]*$/u;

/** `value` escaped, in at most `room` UTF-16 units. */
function escapeInto(room: number, value: string, mode: ParseMode): string {
  if (value.length <= room && PLAIN.test(value)) return value;
  // Escaping makes nothing shorter, so what lies further back can't fit.
  const pieces = Array.from(sendable(value.slice(0, room + 1)), (character) =>
    escapeCharacter(character, mode),
  );
  const whole = pieces.join('');
  if (whole.length <= room) return whole;
  let cut = '';
  for (const piece of pieces) {
    if (cut.length + piece.length + ELLIPSIS.length > room) break;
    cut += piece;
  }
  return room < ELLIPSIS.length ? '' : cut + ELLIPSIS;
}

/** `value` without what can't be sent: lone surrogates and NUL become U+FFFD. */
function sendable(value: string): string {
  return value.toWellFormed().replaceAll('\0', '\uFFFD');
}
