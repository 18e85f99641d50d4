import { expect, test } from 'vitest';
import type { TokenFinding } from '../../src/api/bot-secrets.ts';
import { ACCEPT_OTHER_BOT, ownToken } from '../../src/api/own-token.ts';
import { Secret } from '../../src/lib/secret.ts';

const bot = { id: 111, username: 'greeter_bot', name: 'Greeter' };
const secret = 'the-secret-part-of-a-token-for-tests';
const tokenOf = (botId: number): TokenFinding => ({
  kind: 'ok',
  botId,
  token: new Secret(`${botId}:${secret}`),
  trimmed: false,
});

test.each([
  ['of a bot that never ran', { bot: undefined, annotations: undefined }, tokenOf(222)],
  ['of the same bot', { bot, annotations: undefined }, tokenOf(111)],
  [
    'of another bot that is meant',
    { bot, annotations: { [ACCEPT_OTHER_BOT]: '222' } },
    tokenOf(222),
  ],
])('a token %s stays what it is', (_what, owner, token) => {
  expect(ownToken(token, owner)).toBe(token);
});

test.each([
  undefined,
  {},
  { [ACCEPT_OTHER_BOT]: '' },
  { [ACCEPT_OTHER_BOT]: 'true' },
  { [ACCEPT_OTHER_BOT]: '111' },
  { [ACCEPT_OTHER_BOT]: '0222' },
])('a token of another bot is refused with both ids and the way out (%j)', (annotations) => {
  const refused = ownToken(tokenOf(222), { bot, annotations });
  expect(refused.kind).toBe('OtherBot');
  const message = 'message' in refused ? refused.message : '';
  expect(message).toContain('id 222');
  expect(message).toContain('@greeter_bot, id 111');
  expect(message).toContain('tenantbot.dev/accept-other-bot: "222"');
  expect(message).not.toContain(secret);
});

test('what is no token stays what it is', () => {
  const missing: TokenFinding = { kind: 'Missing', message: 'There is none.' };
  expect(ownToken(missing, { bot, annotations: undefined })).toBe(missing);
});
