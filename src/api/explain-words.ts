import { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

/**
 * Words for one issue, for zod's `error` parameter; messages that a schema gives itself come
 * first. Undefined where zod's own words must do.
 */
export function ruleText(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    const expected = isInteger(issue.inst) ? 'int' : issue.expected;
    return wrongType(expected, issue.input);
  }
  if (issue.code === 'invalid_value') return wrongValue(issue.values, issue.input);
  if (issue.code === 'too_big') {
    return `must ${bound(issue.origin, 'at most', issue.maximum)}${size(issue.input)}`;
  }
  if (issue.code === 'too_small') {
    return `must ${bound(issue.origin, 'at least', issue.minimum)}${size(issue.input)}`;
  }
  if (issue.code === 'invalid_format') return `must match ${issue.pattern ?? issue.format}`;
  return undefined;
}

function wrongType(expected: string, input: unknown): string {
  const wanted = TYPE_WORDS[expected] ?? expected;
  if (input === undefined) return `is missing; it must be ${wanted}`;
  const hint = expected === 'string' && !isStructure(input) ? '; put it in quotes' : '';
  return `must be ${wanted}, is ${kindOf(input)}${hint}`;
}

function wrongValue(values: readonly unknown[], input: unknown): string {
  const allowed = values.map(String);
  const list = allowed.length === 1 ? `${allowed[0]}` : `one of ${allowed.join(', ')}`;
  if (input === undefined) return `is missing; it must be ${list}`;
  const short = typeof input === 'string' && input.length <= 40;
  return `must be ${list}; is ${short ? JSON.stringify(input) : kindOf(input)}`;
}

/** For text in the place of an integer zod only says that it wants a number. */
function isInteger(schema: unknown): boolean {
  return schema instanceof z.ZodNumber && schema.format === 'safeint';
}

function bound(origin: string, which: string, limit: number | bigint): string {
  switch (origin) {
    case 'string':
      return `have ${which} ${limit} ${Number(limit) === 1 ? 'character' : 'characters'}`;
    case 'array':
      return `have ${which} ${limit} ${Number(limit) === 1 ? 'entry' : 'entries'}`;
    default:
      return `be ${which} ${limit}`;
  }
}

function size(input: unknown): string {
  if (Array.isArray(input)) return `, has ${input.length}`;
  return typeof input === 'number' ? `, is ${input}` : '';
}

const TYPE_WORDS: Record<string, string> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function kindOf(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'number' && !Number.isInteger(input)) return 'a number with a fraction';
  return KIND_WORDS[typeof input] ?? 'an object';
}

const KIND_WORDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  bigint: 'a number',
  boolean: 'true or false',
};

function isStructure(input: unknown): boolean {
  return typeof input === 'object';
}
