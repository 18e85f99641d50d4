import { badRequest } from '../api-error.ts';
import type { Args } from '../args.ts';
import { parseHtml } from '../html.ts';
import { parseMarkdown } from '../markdown.ts';
import type { TgEntity } from '../telegram-types.ts';
import { cleanText, findEntities } from '../text.ts';
import { isObject, jsonArg } from './arguments.ts';

/** A text with the entities that its markup, the caller, or Telegram itself has found. */
export interface Formatted {
  readonly text: string;
  readonly entities: readonly TgEntity[];
}

/** In bytes, before anything is parsed. */
const MAX_RAW_BYTES = 1 << 15;

/** Reads a text argument with its `parse_mode` or its entities. */
export function formattedArg(args: Args, name: string, entitiesName: string): Formatted {
  const raw = args.text(name).replaceAll('\r', '');
  if (Buffer.byteLength(raw) > MAX_RAW_BYTES) throw badRequest('text is too long');
  if (!raw.isWellFormed()) throw badRequest('strings must be encoded in UTF-8');
  const marked = parse(raw, args.text('parse_mode').toLowerCase());
  const given = marked?.entities ?? givenEntities(args, entitiesName);
  const { text, cutFromStart } = cleanText(marked?.text ?? raw);
  const entities = cutFromStart === 0 ? given : given.map((entity) => moved(entity, cutFromStart));
  const inside = entities.filter(({ offset, length }) => offset + length <= text.length);
  return { text, entities: inside.length > 0 ? inside : findEntities(text) };
}

/** An entity of a text that has lost its first `by` characters. */
function moved(entity: TgEntity, by: number): TgEntity {
  const offset = Math.max(0, entity.offset - by);
  return Object.assign({}, entity, { offset, length: entity.offset + entity.length - by - offset });
}

function parse(raw: string, mode: string): Formatted | undefined {
  switch (mode) {
    case '':
    case 'none':
      return undefined;
    case 'html':
      return parseHtml(raw);
    case 'markdown':
      return parseMarkdown(raw, 1);
    case 'markdownv2':
      return parseMarkdown(raw, 2);
    default:
      throw badRequest('unsupported parse_mode');
  }
}

function givenEntities(args: Args, name: string): TgEntity[] {
  const list = readList(args, name);
  return list.map((value) => {
    if (!isObject(value)) throw badRequest("can't parse MessageEntity: expected an Object");
    for (const field of ['offset', 'length'] as const) {
      if (!Number.isInteger(value[field])) {
        throw badRequest(`can't parse MessageEntity: Field "${field}" must be of type Number`);
      }
    }
    if (typeof value['type'] !== 'string') {
      throw badRequest('can\'t parse MessageEntity: Can\'t find field "type"');
    }
    return value as unknown as TgEntity;
  });
}

/** A list that can't be read counts as none, as in the real server. */
function readList(args: Args, name: string): unknown[] {
  const value = jsonArg(args, name, "can't parse entities JSON object");
  return Array.isArray(value) ? value : [];
}
