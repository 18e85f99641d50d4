import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from 'yaml';
import type { ObjectName } from '../../admin/backend.ts';
import { formatProblem } from '../../api/explain.ts';
import { parseTenantBot, type TenantBotManifest } from '../../api/manifest.ts';
import { inputError } from '../../lib/errors.ts';
import { mergePatch } from '../../lib/merge-patch.ts';

/** A manifest's text after a change, and what it says of the bot. */
export interface EditedManifest {
  readonly text: string;
  readonly bot: TenantBotManifest;
}

/**
 * `text` of a manifest with `patch` merged into the TenantBot of that name. Nothing but the values
 * in question changes: comments, quotes and white space stay, and so do the other objects. Throws
 * an input error where the bot is not there, would not keep the rules, or can't be changed so.
 */
export function editManifest(text: string, bot: ObjectName, patch: object): EditedManifest {
  const key = `${bot.namespace}/${bot.name}`;
  const documents = parse(text);
  const found = objectsOf(documents).find(({ map }) => isBot(map, bot));
  if (!found) {
    throw inputError('BOT_NOT_IN_FILE', `${key} does not stand in its file any more; try again`);
  }
  const changed = mergePatch(found.map.toJS(found.document), patch);
  const checked = parseTenantBot(changed);
  if (!checked.ok) {
    throw inputError('BOT_INVALID', checked.problems.map(formatProblem).join('; '));
  }
  const edited = editsOf(text, found.map, patch)
    .toSorted((a, b) => b.from - a.from)
    .reduce((rest, { from, to, put }) => `${rest.slice(0, from)}${put}${rest.slice(to)}`, text);
  // Whatever the form of the file, only this one object may come out another.
  const expected = objectsOf(documents).map(({ document, map }) =>
    map === found.map ? changed : map.toJS(document),
  );
  const after = objectsOf(parse(edited)).map(({ document, map }): unknown => map.toJS(document));
  if (!isDeepStrictEqual(after, expected)) {
    const words = `the file says ${key} in a way that only a person can change: edit it by hand`;
    throw inputError('BOT_NOT_EDITABLE', words);
  }
  return { text: edited, bot: checked.value };
}

interface Found {
  readonly document: Document.Parsed;
  readonly map: YAMLMap;
}

/** A part of a text, and what comes in its place. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly put: string;
}

function parse(text: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: false });
  return 'empty' in documents ? [] : documents.filter(({ errors }) => errors.length === 0);
}

/** Also those of a `kind: List`. */
function objectsOf(documents: readonly Document.Parsed[]): readonly Found[] {
  return documents.flatMap((document) => {
    const { contents } = document;
    if (!isMap(contents)) return [];
    const map: YAMLMap = contents;
    const items = map.get('kind') === 'List' ? map.get('items') : undefined;
    const maps = isSeq(items) ? items.items.filter(isMap) : [map];
    return maps.map((map) => ({ document, map }));
  });
}

function isBot(map: YAMLMap, { namespace, name }: ObjectName): boolean {
  const isNamed = map.getIn(['metadata', 'name']) === name;
  const stands = map.getIn(['metadata', 'namespace']) ?? 'default';
  return map.get('kind') === 'TenantBot' && isNamed && stands === namespace;
}

function editsOf(text: string, map: YAMLMap, patch: object): Edit[] {
  return Object.entries(patch).flatMap(([key, value]: [string, unknown]) => {
    const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (!pair) return [added(text, map, `${key}: ${JSON.stringify(value)}`)];
    const there: unknown = pair.value;
    if (typeof value === 'object' && value !== null && isMap(there)) {
      return editsOf(text, there, value);
    }
    return isNode(there) && !isAlias(there) ? replaced(text, there.range, value) : [];
  });
}

function replaced(text: string, range: Scalar['range'], value: unknown): Edit[] {
  if (!range) return [];
  const [from, to] = range;
  const space = text[from - 1] === ':' ? ' ' : '';
  return [{ from, to, put: `${space}${JSON.stringify(value)}` }];
}

/** As the last entry of `map`: what stands above the first one may be a comment about that. */
function added(text: string, map: YAMLMap, entry: string): Edit {
  const begin = map.range?.[0] ?? 0;
  const last: Pair | undefined = map.items.at(-1);
  if (!last) return insert(begin + 1, entry.replace(/^\w+/, '"$&"'));
  const end = endOf(last);
  if (map.flow) {
    const isQuoted = isScalar(last.key) && last.key.type === Scalar.QUOTE_DOUBLE;
    return insert(end, `, ${isQuoted ? entry.replace(/^\w+/, '"$&"') : entry}`);
  }
  const at = text.slice(0, end).trimEnd().length;
  const rest = text.slice(at).search(/\r?\n|$/);
  const newline = /\r?\n/.exec(text)?.[0] ?? '\n';
  const indent = ' '.repeat(begin - (text.lastIndexOf('\n', begin - 1) + 1));
  return insert(at + rest, `${newline}${indent}${entry}`);
}

function insert(at: number, put: string): Edit {
  return { from: at, to: at, put };
}

function endOf({ key, value }: Pair): number {
  const node = isNode(value) ? value : key;
  return (isNode(node) ? node.range?.[1] : undefined) ?? 0;
}
