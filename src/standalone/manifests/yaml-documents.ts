import {
  Composer,
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  visit,
} from 'yaml';
import { nextMacrotask } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';

/** No manifest nests this deep; text that does is an attack on the parser or an accident. */
const MAX_DEPTH = 100;
const MAX_DOCUMENTS = 20_000;
/** Aliases that a document may expand to: enough for anchors, too few for a "billion laughs". */
const MAX_ALIASES = 1000;
/** Text read before other work gets its turn: some milliseconds. */
const SLICE_TOKENS = 2000;

/** Where in a text something stands; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a document's form. */
export interface YamlFault extends Position {
  readonly message: string;
}

/** One document of a YAML text: its value, or what is wrong with its form. */
export interface YamlDocument {
  readonly faults: readonly YamlFault[];
  /** Undefined where there are faults; null where the document is empty. */
  readonly value: unknown;
  /** Where the field at `path` stands, or as much of the path as there is. */
  positionOf(path: readonly PropertyKey[]): Position;
}

/**
 * Reads a text of one or more YAML (or JSON) documents. Bounded in depth, in documents and in what
 * aliases expand to, and never at work for long at a stretch. Throws an input error where a bound
 * is passed, since nothing of such a text can be trusted.
 */
export async function readYamlDocuments(text: string): Promise<YamlDocument[]> {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  // Duplicate keys are found below: the composer's own check takes time squared.
  const composer = new Composer({ uniqueKeys: false, merge: true });
  const documents: Document.Parsed[] = [];
  let tokens = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    refuseDepth(parser, lines);
    if (documents.length > MAX_DOCUMENTS) {
      throw inputError('YAML_TOO_MANY', `has more than ${MAX_DOCUMENTS} documents; split it`);
    }
    if (++tokens % SLICE_TOKENS === 0) await nextMacrotask();
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  return documents.map((document) => readDocument(document, lines));
}

function refuseDepth(parser: Parser, lines: LineCounter): void {
  // A level of nesting takes up to three places on the parser's stack.
  if (parser.stack.length <= MAX_DEPTH * 3) return;
  const { line } = lines.linePos(parser.offset);
  throw inputError('YAML_TOO_DEEP', `nests deeper than ${MAX_DEPTH} levels (line ${line})`);
}

function readDocument(document: Document.Parsed, lines: LineCounter): YamlDocument {
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const fault = (offset: number, message: string): YamlFault => ({
    ...positionAt(offset),
    message,
  });
  const faults = [...document.errors, ...document.warnings].map((error) =>
    fault(error.pos[0], `this is not YAML: ${lowerFirst(error.message)}`),
  );
  for (const key of duplicateKeys(document)) {
    faults.push(fault(key.offset, `the key "${key.name}" stands here for the second time`));
  }
  let value: unknown;
  if (faults.length === 0) {
    try {
      value = document.toJS({ maxAliasCount: MAX_ALIASES });
    } catch {
      faults.push(fault(document.range[0], `aliases expand to more than ${MAX_ALIASES} nodes`));
    }
  }
  return {
    faults,
    value,
    positionOf: (path) => positionAt(offsetOf(document, path)),
  };
}

function duplicateKeys(document: Document.Parsed): { name: string; offset: number }[] {
  const found: { name: string; offset: number }[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value)) {
          found.push({ name: String(key.value), offset: key.range?.[0] ?? 0 });
        }
        seen.add(key.value);
      }
    },
  });
  return found;
}

/** The value at the path where it has a place of its own, else its key, else what holds it. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? document.range[0];
  for (const step of path) {
    const next: unknown = childOf(node, step);
    const key: unknown = isPair(next) ? next.key : undefined;
    node = nodeOf(isPair(next) ? next.value : next);
    const start = (isNode(key) ? key : node)?.range?.[0];
    if (start === undefined) break;
    offset = start;
  }
  return offset;
}

function childOf(node: Node | null, step: PropertyKey): Node | Pair | undefined {
  if (isMap(node)) {
    return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  }
  if (!isSeq(node)) return undefined;
  const item: unknown = node.items[Number(step)];
  return isNode(item) ? item : undefined;
}

function nodeOf(value: unknown): Node | null {
  return isNode(value) ? value : null;
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
