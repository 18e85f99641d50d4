import { randomToken } from '../lib/random.ts';

/** Longest token that the real server looks at. */
const MAX_TOKEN_CHARS = 80;
const MAX_BOT_ID = 2 ** 52;

/**
 * What the part of a path after `/bot` is: `none` is no token at all (404), `impossible` has the
 * form of one but can't be any (401), `possible` has to be looked up.
 */
export type TokenShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'impossible' }
  | { readonly kind: 'possible'; readonly botId: number };

/** Judges a token by its form alone. */
export function tokenShape(token: string): TokenShape {
  const match = /^(\d+):([A-Za-z0-9_-]*)$/.exec(token);
  if (!match) return { kind: 'none' };
  const [, id = '', secret = ''] = match;
  const botId = Number(id);
  const possible =
    !id.startsWith('0') &&
    botId < MAX_BOT_ID &&
    secret.length >= 24 &&
    token.length <= MAX_TOKEN_CHARS;
  return possible ? { kind: 'possible', botId } : { kind: 'impossible' };
}

/** A new token for a bot, 35 characters after the colon as in the cloud. */
export function makeToken(botId: number): string {
  return `${botId}:AA${randomToken(33).slice(0, 33)}`;
}

/** The path of a call, taken apart. */
export interface CallPath {
  readonly token: string;
  readonly method: string;
  readonly query: string;
}

/** Reads `/bot<token>/<method>?<query>`; undefined where the path is something else. */
export function parseCallPath(url: string): CallPath | undefined {
  const queryAt = url.indexOf('?');
  const path = queryAt === -1 ? url : url.slice(0, queryAt);
  if (!path.startsWith('/bot')) return undefined;
  const slashAt = path.indexOf('/', 4);
  if (slashAt === -1) return undefined;
  return {
    token: path.slice(4, slashAt).replace('%3A', ':').replace('%3a', ':'),
    method: path.slice(slashAt + 1),
    query: queryAt === -1 ? '' : url.slice(queryAt + 1),
  };
}
