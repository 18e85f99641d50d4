import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { columnValue } from '../../api/column-value.ts';
import { BOT_FLEET_COLUMNS, type Column, TENANT_BOT_COLUMNS } from '../../api/columns.ts';
import { inputError } from '../../lib/errors.ts';
import { problemLine } from '../../standalone/manifests/place.ts';
import type { StoredObject } from '../../standalone/object-store.ts';
import { fieldSelector } from '../field-selector.ts';
import type { LocalClient, Selection } from '../local-client.ts';
import { columnWidths, formatRow } from '../table.ts';
import { oneLine } from '../terminal-text.ts';
import type { Io } from './io.ts';

const OUTPUTS = ['wide', 'yaml', 'json'] as const;
type Output = (typeof OUTPUTS)[number];

/** What `tenantbot get` was asked for. */
export interface GetOptions {
  /** `[NAME]`, or `fleets [NAME]`. */
  readonly words: readonly string[];
  readonly watch: boolean;
  readonly output: string | undefined;
  readonly namespace: string;
  readonly allNamespaces: boolean;
  /** As `kubectl --field-selector`. */
  readonly fieldSelector: string | undefined;
  readonly nowMs: () => number;
}

/** `tenantbot get`: what `kubectl get tenantbots` prints. */
export async function runGet(client: LocalClient, options: GetOptions, io: Io): Promise<void> {
  const { plural, name } = readWords(options.words);
  const { fieldSelector: fields } = options;
  const selects = fields === undefined ? () => true : fieldSelector(fields, plural);
  const output = readOutput(options.output);
  const everywhere = options.allNamespaces || plural === 'botfleets';
  const selection = { plural, namespace: everywhere ? undefined : options.namespace };
  const view = viewOf(output, { ...options, plural, showNamespace: options.allNamespaces });
  const found =
    name === undefined
      ? await client.list(selection)
      : [await findOne(client, { plural, name, namespace: options.namespace })];
  const objects = found.filter(selects);
  if (objects.length === 0 && !options.watch) io.err(nothingFound(selection));
  else view.printAll(objects, io, name !== undefined);
  warnOfStalled(objects, io);
  if (name === undefined)
    for (const problem of await client.problems()) io.err(problemLine(problem));
  if (options.watch)
    await follow(client, { selection, name, objects }, (object) => {
      if (selects(object)) view.printChange(object, io);
    });
}

/** Beside the table, which is kubectl's own: what a person must mend. */
function warnOfStalled(objects: readonly StoredObject[], io: Io): void {
  for (const { metadata, status } of objects) {
    const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
    if (stalled) io.err(`${metadata.namespace}/${metadata.name}: ${oneLine(stalled.message)}`);
  }
}

/** Tells of every change to what was printed, until the standalone ends. */
async function follow(
  client: LocalClient,
  printed: {
    readonly selection: Selection;
    readonly name: string | undefined;
    readonly objects: readonly StoredObject[];
  },
  tell: (object: StoredObject) => void,
): Promise<void> {
  const { selection, name, objects } = printed;
  const shown = new Map(objects.map((object) => [object.metadata.uid, object]));
  for await (const { type, object } of client.watch(selection)) {
    if (name !== undefined && object.metadata.name !== name) continue;
    const known = shown.get(object.metadata.uid);
    if (type !== 'DELETED' && isDeepStrictEqual(known, object)) continue;
    shown.set(object.metadata.uid, object);
    tell(object);
  }
}

function readWords(words: readonly string[]): { plural: Selection['plural']; name?: string } {
  const [first, second, ...rest] = words;
  if (rest.length > 0) throw inputError('TOO_MANY_NAMES', 'give one name at most');
  const plural = PLURALS.get(first ?? '');
  const name = plural ? second : first;
  if (!plural && second !== undefined) {
    throw inputError('KIND_UNKNOWN', `"${first}" is no kind; known are bots and fleets`);
  }
  return { plural: plural ?? 'tenantbots', ...(name !== undefined && { name }) };
}

const PLURALS: ReadonlyMap<string, Selection['plural']> = new Map([
  ...['bots', 'tenantbots', 'tenantbot', 'tb'].map((word) => [word, 'tenantbots'] as const),
  ...['fleets', 'fleet', 'botfleets', 'botfleet', 'bf'].map((word) => [word, 'botfleets'] as const),
]);

function readOutput(text: string | undefined): Output | undefined {
  if (text === undefined) return undefined;
  const output = OUTPUTS.find((known) => known === text);
  if (output) return output;
  throw inputError(
    'OUTPUT_UNKNOWN',
    `--output must be one of ${OUTPUTS.join(', ')}, not "${text}"`,
  );
}

/** A fleet is found by its name alone. */
async function findOne(
  client: LocalClient,
  wanted: { plural: Selection['plural']; name: string; namespace: string },
): Promise<StoredObject> {
  const { plural, name, namespace } = wanted;
  if (plural === 'tenantbots') return client.get({ plural }, { namespace, name });
  const fleets = await client.list({ plural, namespace: undefined });
  const fleet = fleets.find(({ metadata }) => metadata.name === name);
  if (fleet) return fleet;
  throw inputError('OBJECT_NOT_FOUND', `there is no BotFleet ${name}`);
}

function nothingFound({ namespace }: Selection): string {
  return namespace === undefined
    ? 'No resources found'
    : `No resources found in ${namespace} namespace.`;
}

interface View {
  printAll(objects: readonly StoredObject[], io: Io, single: boolean): void;
  printChange(object: StoredObject, io: Io): void;
}

interface ViewOptions {
  readonly plural: Selection['plural'];
  readonly showNamespace: boolean;
  readonly watch: boolean;
  readonly nowMs: () => number;
}

function viewOf(output: Output | undefined, options: ViewOptions): View {
  switch (output) {
    case 'json':
      return textView((value) => JSON.stringify(value, undefined, 4));
    case 'yaml':
      return textView((value) => stringify(value, KUBECTL_YAML).trimEnd(), '---');
    case 'wide':
    case undefined:
      return tableView(output === 'wide', options);
    default:
      return output satisfies never;
  }
}

/** Quotes what YAML 1.1 would take for a time or a truth value, as kubectl does. */
const KUBECTL_YAML = { lineWidth: 0, version: '1.1' } as const;

function textView(format: (value: unknown) => string, separator?: string): View {
  return {
    printAll(objects, io, single) {
      const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: objects };
      io.out(format(single ? objects[0] : list));
    },
    printChange(object, io) {
      if (separator !== undefined) io.out(separator);
      io.out(format(object));
    },
  };
}

function tableView(wide: boolean, { plural, showNamespace, nowMs }: ViewOptions): View {
  const all = plural === 'tenantbots' ? TENANT_BOT_COLUMNS : BOT_FLEET_COLUMNS;
  const columns = all.filter(({ priority }) => wide || priority === 0);
  const place = showNamespace ? ['NAMESPACE'] : [];
  const header = [...place, 'NAME', ...columns.map(({ name }) => name.toUpperCase())];
  const rowOf = (object: StoredObject): string[] => [
    ...(showNamespace ? [object.metadata.namespace] : []),
    object.metadata.name,
    ...columns.map((column: Column) => columnValue(object, column, nowMs())),
  ];
  let widths: number[] = [];
  return {
    printAll(objects, io) {
      const rows = [header, ...objects.map(rowOf)];
      widths = columnWidths(rows);
      for (const row of rows) io.out(formatRow(row, widths));
    },
    printChange(object, io) {
      const row = rowOf(object);
      widths = columnWidths([row], widths);
      io.out(formatRow(row, widths));
    },
  };
}
