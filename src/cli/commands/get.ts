import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { columnValue } from '../../api/column-value.ts';
import { BOT_FLEET_COLUMNS, type Column, TENANT_BOT_COLUMNS } from '../../api/columns.ts';
import type { Condition } from '../../api/conditions.ts';
import { GROUP } from '../../api/group.ts';
import { inputError } from '../../lib/errors.ts';
import type { ObjectAccess, ObjectSelection, Plural, SeenObject } from '../object-access.ts';
import { parseOutput } from '../output.ts';
import { columnWidths, formatRow } from '../table.ts';
import { oneLine } from '../terminal-text.ts';
import type { Io } from './io.ts';

const OUTPUTS = ['wide', 'yaml', 'json', 'name'] as const;
type Output = (typeof OUTPUTS)[number];

/** What `tenantbot get` was asked for. */
export interface GetOptions {
  /** `[NAME]`, or `fleets [NAME]`. */
  readonly words: readonly string[];
  readonly watch: boolean;
  readonly output: string | undefined;
  /** That of the access unless given. */
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  /** As `kubectl --selector`. */
  readonly selector: string | undefined;
  /** As `kubectl --field-selector`. */
  readonly fieldSelector: string | undefined;
  readonly nowMs: () => number;
}

/** `tenantbot get`: what `kubectl get tenantbots` prints. */
export async function runGet(access: ObjectAccess, options: GetOptions, io: Io): Promise<void> {
  const { plural, name } = readWords(options.words);
  const output = parseOutput(options.output, OUTPUTS);
  if (name !== undefined && (options.selector ?? options.fieldSelector) !== undefined) {
    throw inputError('NAME_AND_SELECTOR', 'give a name or a selector, not both');
  }
  const selection: ObjectSelection = {
    plural,
    namespace: namespaceOf(plural, access, options),
    labels: options.selector,
    fields: options.fieldSelector,
  };
  const view = viewOf(output, { ...options, plural, showNamespace: options.allNamespaces });
  const objects =
    name === undefined
      ? await access.objects(selection)
      : [await findOne(access, { plural, name, namespace: selection.namespace })];
  if (objects.length === 0 && !options.watch) io.err(nothingFound(selection));
  else view.printAll(objects, io, name !== undefined);
  warnOfStalled(objects, io);
  if (name === undefined) for (const line of await access.manifestProblems()) io.err(line);
  if (options.watch) {
    await follow(access, { selection, name, objects }, (object) => view.printChange(object, io));
  }
}

/** Fleets are few, and where they are is the platform's choice. */
function namespaceOf(
  plural: Plural,
  access: ObjectAccess,
  { allNamespaces, namespace }: GetOptions,
): string | undefined {
  if (allNamespaces) return undefined;
  return plural === 'botfleets' ? namespace : (namespace ?? access.namespace);
}

/** Beside the table, which is kubectl's own: what a person must mend. */
function warnOfStalled(objects: readonly SeenObject[], io: Io): void {
  for (const { metadata, status } of objects) {
    const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Condition[] };
    const stalled = conditions.find(({ type }) => type === 'Stalled');
    if (stalled) io.err(`${metadata.namespace}/${metadata.name}: ${oneLine(stalled.message)}`);
  }
}

/** Tells of every change to what was printed, until the standalone ends. */
async function follow(
  access: ObjectAccess,
  printed: {
    readonly selection: ObjectSelection;
    readonly name: string | undefined;
    readonly objects: readonly SeenObject[];
  },
  tell: (object: SeenObject) => void,
): Promise<void> {
  const { selection, name, objects } = printed;
  const shown = new Map(objects.map((object) => [object.metadata.uid, object]));
  for await (const { type, object } of access.watch(selection)) {
    if (name !== undefined && object.metadata.name !== name) continue;
    const known = shown.get(object.metadata.uid);
    if (type !== 'DELETED' && isDeepStrictEqual(known, object)) continue;
    shown.set(object.metadata.uid, object);
    tell(object);
  }
}

function readWords(words: readonly string[]): { plural: Plural; name?: string } {
  const [first, second, ...rest] = words;
  if (rest.length > 0) throw inputError('TOO_MANY_NAMES', 'give one name at most');
  const plural = PLURALS.get(first ?? '');
  const name = plural ? second : first;
  if (!plural && second !== undefined) {
    throw inputError('KIND_UNKNOWN', `"${first}" is no kind; known are bots and fleets`);
  }
  return { plural: plural ?? 'tenantbots', ...(name !== undefined && { name }) };
}

const PLURALS: ReadonlyMap<string, Plural> = new Map([
  ...['bots', 'tenantbots', 'tenantbot', 'tb'].map((word) => [word, 'tenantbots'] as const),
  ...['fleets', 'fleet', 'botfleets', 'botfleet', 'bf'].map((word) => [word, 'botfleets'] as const),
]);

/** A fleet is found by its name alone. */
async function findOne(
  access: ObjectAccess,
  { plural, name, namespace }: { plural: Plural; name: string; namespace: string | undefined },
): Promise<SeenObject> {
  if (plural === 'tenantbots') {
    if (namespace !== undefined) return access.object(plural, { namespace, name });
    throw inputError('NAME_EVERYWHERE', 'give the name of a bot or -A, not both');
  }
  const everything = { labels: undefined, fields: undefined };
  const fleets = await access.objects({ plural, namespace, ...everything });
  const fleet = fleets.find(({ metadata }) => metadata.name === name);
  if (fleet) return fleet;
  throw inputError('OBJECT_NOT_FOUND', `there is no BotFleet ${name}`);
}

function nothingFound({ namespace }: ObjectSelection): string {
  return namespace === undefined
    ? 'No resources found'
    : `No resources found in ${namespace} namespace.`;
}

interface View {
  printAll(objects: readonly SeenObject[], io: Io, single: boolean): void;
  printChange(object: SeenObject, io: Io): void;
}

interface ViewOptions {
  readonly plural: Plural;
  readonly showNamespace: boolean;
  readonly nowMs: () => number;
}

function viewOf(output: Output | undefined, options: ViewOptions): View {
  switch (output) {
    case 'json':
      return textView((value) => JSON.stringify(value, undefined, 4));
    case 'yaml':
      return textView((value) => stringify(value, KUBECTL_YAML).trimEnd(), '---');
    case 'name':
      return namesView();
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

function namesView(): View {
  const print = ({ kind, metadata }: SeenObject, io: Io): void =>
    io.out(`${kind.toLowerCase()}.${GROUP}/${metadata.name}`);
  return {
    printAll(objects, io) {
      for (const object of objects) print(object, io);
    },
    printChange: print,
  };
}

function tableView(wide: boolean, { plural, showNamespace, nowMs }: ViewOptions): View {
  const all = plural === 'tenantbots' ? TENANT_BOT_COLUMNS : BOT_FLEET_COLUMNS;
  const columns = all.filter(({ priority }) => wide || priority === 0);
  const place = showNamespace ? ['NAMESPACE'] : [];
  const header = [...place, 'NAME', ...columns.map(({ name }) => name.toUpperCase())];
  const rowOf = (object: SeenObject): string[] => [
    ...(showNamespace ? [object.metadata.namespace] : []),
    object.metadata.name,
    ...columns.map((column: Column) => columnValue(object, column, nowMs())),
  ];
  let widths: number[] = [];
  return {
    printAll(objects, io) {
      const rows = [header, ...objects.map(rowOf)];
      widths = columnWidths(rows);
      for (const row of rows) io.out(formatRow(row, widths, io.paint));
    },
    printChange(object, io) {
      const row = rowOf(object);
      widths = columnWidths([row], widths);
      io.out(formatRow(row, widths, io.paint));
    },
  };
}
