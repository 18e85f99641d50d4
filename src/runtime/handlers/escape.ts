import type { ParseMode } from '../../api/reply.ts';

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // Telegram has no name for it; it could end an attribute.
  "'": '&#39;',
};

/** What MarkdownV2 gives a meaning to: https://core.telegram.org/bots/api#markdownv2-style */
const MARKDOWN_CHARACTERS = new Set('_*[]()~`>#+-=|{}.!\\');

/** `character` (one code point) written so that `mode` shows it as it is. */
export function escapeCharacter(character: string, mode: ParseMode): string {
  switch (mode) {
    case 'None':
      return character;
    case 'HTML':
      return HTML_ESCAPES[character] ?? character;
    case 'MarkdownV2':
      return MARKDOWN_CHARACTERS.has(character) ? `\\${character}` : character;
    default:
      return mode satisfies never;
  }
}
