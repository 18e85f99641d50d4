import leven from 'leven';
import type { z } from 'zod';
import { redactTokens } from '../lib/secret.ts';
import { ruleText } from './explain-words.ts';
import { childAt, type Shape, shapeOf } from './shape.ts';

/** One thing that is wrong with a value that somebody wrote, and where. */
export interface Problem {
  /** Field names and list indices from the outside in. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what to do, as the end of a sentence that begins with the path. */
  readonly message: string;
}

/** A checked value with its defaults filled in, or all that is wrong with it. */
export type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads `input` by `schema`. Says everything that is wrong at once, in words for people: never
 * the values themselves, save short ones of enumerations and numbers.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): Checked<z.output<Schema>> {
  const result = schema.safeParse(input, { error: ruleText, reportInput: false });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: explainIssues(result.error, schema) };
}

/**
 * The issues of an error as problems, one for each unknown field. `schema` is what was checked
 * against: its field names are what a misspelt one is compared with.
 */
export function explainIssues(error: z.ZodError, schema: z.ZodType): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (issue.code === 'invalid_key') {
      return issue.issues.map(({ message }) => ({ path, message }));
    }
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    const known = fieldNames(schema, path);
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `is not a known field${didYouMean(key, known)}`,
    }));
  });
}

/** A path as people write it: `spec.handlers[0].command.name`; odd names stand in brackets. */
export function formatPath(path: readonly (string | number)[]): string {
  const text = path
    .map((step) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('');
  return redactTokens(text.replace(/^\./, ''));
}

/** A problem as one line: its path, then what is wrong there. */
export function formatProblem(problem: Problem): string {
  const where = problem.path.length === 0 ? 'it' : formatPath(problem.path);
  return `${where}: ${problem.message}`;
}

/** `; did you mean x?` where one of `known` is close to `word`, else what is known. */
export function didYouMean(word: string, known: readonly string[]): string {
  const byDistance = (a: string, b: string) => distance(a, word) - distance(b, word);
  const [closest] = known.toSorted(byDistance);
  if (closest === undefined) return '';
  const near = distance(closest, word) <= Math.max(2, Math.floor(word.length / 3));
  return near ? `; did you mean ${closest}?` : `; known here: ${known.join(', ')}`;
}

function distance(a: string, b: string): number {
  return leven(a.toLowerCase(), b.toLowerCase(), { maxDistance: 20 });
}

/** The names of the fields that the object at `path` may have. */
function fieldNames(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let current: Shape | undefined = shapeOf(schema);
  for (const step of path) current = shapeOf(childAt(current, String(step)));
  return Object.keys(current?.fields ?? {});
}
