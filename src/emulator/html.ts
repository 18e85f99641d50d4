import { badRequest } from './api-error.ts';
import type { TgEntity } from './telegram-types.ts';
import { inOrder } from './text.ts';

const TAGS: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  code: 'code',
  pre: 'pre',
  a: 'text_link',
  span: 'spoiler',
  'tg-spoiler': 'spoiler',
  'tg-emoji': 'custom_emoji',
  blockquote: 'blockquote',
};

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

interface OpenTag {
  readonly name: string;
  readonly offset: number;
  readonly url: string | undefined;
}

/** Splits into tags, character references and runs of anything else; the last two may stray. */
const TOKENS = /<(\/?)([^\s<>/]*)([^<>]*)>|&(#\d+|#x[0-9a-f]+|[a-z]+);|[^<&]+|[<&]/giu;

/** Reads Telegram's HTML; throws where Telegram would, with its words. */
export function parseHtml(source: string): { text: string; entities: TgEntity[] } {
  const open: OpenTag[] = [];
  const entities: TgEntity[] = [];
  let text = '';
  for (const match of source.matchAll(TOKENS)) {
    const [token, slash, rawName, attributes = '', reference] = match;
    const at = (): number => Buffer.byteLength(source.slice(0, match.index));
    if (reference !== undefined) {
      text += decodeReference(reference) ?? token;
    } else if (token === '<') {
      throw cannotParse(`Unsupported start tag "" at byte offset ${at()}`);
    } else if (rawName === undefined) {
      text += token;
    } else if (slash === '/') {
      closeTag({ open, entities, name: rawName.toLowerCase(), end: text.length, at });
    } else {
      const name = rawName.toLowerCase();
      if (!Object.hasOwn(TAGS, name)) {
        throw cannotParse(`Unsupported start tag "${name}" at byte offset ${at()}`);
      }
      open.push({ name, offset: text.length, url: hrefOf(attributes) });
    }
  }
  const unclosed = open.at(-1);
  if (unclosed)
    throw cannotParse(`Can't find end tag corresponding to start tag "${unclosed.name}"`);
  return { text, entities: inOrder(entities) };
}

function closeTag(tag: {
  readonly open: OpenTag[];
  readonly entities: TgEntity[];
  readonly name: string;
  readonly end: number;
  readonly at: () => number;
}): void {
  const last = tag.open.pop();
  if (!last) throw cannotParse(`Unexpected end tag at byte offset ${tag.at()}`);
  if (tag.name !== '' && tag.name !== last.name) {
    throw cannotParse(
      `Unmatched end tag at byte offset ${tag.at()}, expected "</${last.name}>", found "</${tag.name}>"`,
    );
  }
  const length = tag.end - last.offset;
  const type = TAGS[last.name];
  if (length === 0 || type === undefined) return;
  if (type === 'text_link' && last.url === undefined) return;
  tag.entities.push({
    type,
    offset: last.offset,
    length,
    ...(last.url !== undefined && { url: last.url }),
  });
}

function hrefOf(attributes: string): string | undefined {
  const match = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(attributes);
  return match?.[1] ?? match?.[2] ?? match?.[3];
}

/** Unknown references stay as they are written. */
function decodeReference(reference: string): string | undefined {
  if (!reference.startsWith('#')) return NAMED[reference];
  const code = /^#x/i.test(reference)
    ? Number.parseInt(reference.slice(2), 16)
    : Number(reference.slice(1));
  return code > 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff)
    ? String.fromCodePoint(code)
    : undefined;
}

function cannotParse(text: string): Error {
  return badRequest(`can't parse entities: ${text}`);
}
