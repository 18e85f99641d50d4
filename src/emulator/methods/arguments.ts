import { badRequest } from '../api-error.ts';
import { type Args, leadingInteger } from '../args.ts';

const SHORTEST_SECONDS = 30;
const LONGEST_SECONDS = 366 * 24 * 3_600;

/** A JSON argument that must be an object; undefined where it is missing. */
export function objectArg(
  args: Args,
  name: string,
  called: string,
): Record<string, unknown> | undefined {
  const value = jsonArg(args, name, `can't parse ${called} JSON object`);
  if (value === undefined) return undefined;
  if (!isObject(value)) throw badRequest(`object expected as ${called}`);
  return value;
}

/** A JSON argument; undefined where it is missing, `complaint` where it can't be read. */
export function jsonArg(args: Args, name: string, complaint: string): unknown {
  try {
    return args.json(name);
  } catch {
    throw badRequest(complaint);
  }
}

/** A user's id; the real server refuses 0, negative and missing ones alike. */
export function userIdArg(args: Args): number {
  const id = leadingInteger(args.text('user_id'));
  if (id <= 0) throw badRequest('invalid user_id specified');
  return id;
}

/** A message's id, 0 where it is missing or impossible. */
export function messageIdArg(args: Args, name = 'message_id'): number {
  return args.integer(name, { fallback: 0, min: 0 });
}

/** A language, `''` for all without a text of their own. */
export function languageArg(args: Args): string {
  const language = args.text('language_code');
  if (!/^(?:[a-z]{2})?$/.test(language)) throw badRequest('invalid language code specified');
  return language;
}

/** The end of a ban or restriction in Unix seconds; too near or too far means for ever, 0. */
export function untilDateArg(args: Args, nowSeconds: number): number {
  const date = args.integer('until_date', { fallback: 0 });
  const inSeconds = date - nowSeconds;
  return inSeconds < SHORTEST_SECONDS || inSeconds > LONGEST_SECONDS ? 0 : date;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
