import { Secret } from '../lib/secret.ts';

/** What is known of a bot's token (DESIGN §10). */
export const TOKEN_STATES = [
  'Valid',
  'InvalidFormat',
  'Unauthorized',
  'Revoked',
  'NetworkError',
  'Timeout',
  'UnknownError',
  'Missing',
] as const;
export type TokenState = (typeof TOKEN_STATES)[number];

/** A token as it was found in a Secret. */
export type TokenFormat =
  | { readonly ok: true; readonly token: Secret; readonly botId: number; readonly trimmed: boolean }
  | { readonly ok: false; readonly message: string };

const MIN_SECRET_LENGTH = 30;
const MAX_TOKEN_LENGTH = 80;
const WHERE_FROM = 'Copy the token from @BotFather again.';

/**
 * Checks the form of a token without asking Telegram: `<bot id>:<at least 30 of A–Z a–z 0–9 _ ->`,
 * 80 characters at most. White space around it is trimmed and reported. Messages never quote it.
 */
export function parseToken(raw: string): TokenFormat {
  const token = raw.trim();
  const wrong = tokenFault(token);
  if (wrong) return { ok: false, message: `The token ${wrong}. ${WHERE_FROM}` };
  const botId = Number(token.slice(0, token.indexOf(':')));
  return { ok: true, token: new Secret(token), botId, trimmed: token !== raw };
}

function tokenFault(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (token.length > MAX_TOKEN_LENGTH) {
    return `is ${token.length} characters long, at most ${MAX_TOKEN_LENGTH} are possible`;
  }
  const colon = token.indexOf(':');
  if (colon < 0) return 'has no colon; its form is <bot id>:<secret>';
  if (!/^[1-9]\d{0,15}$/.test(token.slice(0, colon))) {
    return 'does not begin with a numeric bot id before the colon';
  }
  const secret = token.slice(colon + 1);
  if (!/^[A-Za-z0-9_-]*$/.test(secret)) {
    return 'has a character behind the colon that no token has (only A–Z a–z 0–9 _ - occur)';
  }
  if (secret.length < MIN_SECRET_LENGTH) {
    return `is too short: ${secret.length} characters behind the colon, at least ${MIN_SECRET_LENGTH} are needed`;
  }
  return undefined;
}
