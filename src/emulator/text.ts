import type { TgEntity } from './telegram-types.ts';

/** Longest text of a message and of a caption, in UTF-16 code units after parsing. */
export const MAX_TEXT_CHARS = 4_096;
export const MAX_CAPTION_CHARS = 1_024;

/**
 * The text as Telegram keeps it: control characters become spaces, ends are trimmed.
 * `cutFromStart` is by how much what is left has moved.
 */
export function cleanText(text: string): { readonly text: string; readonly cutFromStart: number } {
  const spaced = text.replace(/[\0-\x08\x0b-\x1f]/g, ' ');
  const started = spaced.trimStart();
  return { text: started.trimEnd(), cutFromStart: spaced.length - started.length };
}

const FOUND_IN_TEXT: readonly (readonly [string, RegExp])[] = [
  ['bot_command', /(?<![\w/])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])/g],
  ['mention', /(?<![\w/])@[A-Za-z0-9_]{3,32}\b/g],
  ['hashtag', /(?<![\w#])#[\p{L}_][\p{L}\p{N}_]*/gu],
  ['url', /\bhttps?:\/\/[^\s<>"]+/g],
];

/** Most texts have none of the marks that every entity begins with. */
const MAY_HAVE_ENTITY = /[/@#]/;

/** More entities than this are not marked in one message. */
const MAX_ENTITIES = 100;

/** The entities that Telegram finds in a text by itself, in order. */
export function findEntities(text: string): TgEntity[] {
  if (!MAY_HAVE_ENTITY.test(text)) return [];
  const found = FOUND_IN_TEXT.flatMap(([type, pattern]) =>
    Array.from(text.matchAll(pattern), (match) => ({
      type,
      offset: match.index,
      length: match[0].length,
    })),
  );
  return inOrder(found).slice(0, MAX_ENTITIES);
}

/** Entities, given as they were closed, by where they begin, outer ones first: Telegram's order. */
export function inOrder(entities: readonly TgEntity[]): TgEntity[] {
  return entities
    .toReversed()
    .toSorted((left, right) => left.offset - right.offset || right.length - left.length);
}
