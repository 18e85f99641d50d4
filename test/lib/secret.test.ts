import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errorMessage, inputError } from '../../src/lib/errors.ts';
import { redactTokens, Secret } from '../../src/lib/secret.ts';

const CANARY = '4242424242:CANARY-canary_CANARY-canary_CANARY0';

describe('Secret', () => {
  const secret = new Secret(CANARY);
  const shown: [way: string, text: string][] = [
    ['a template', `${secret}`],
    ['String()', String(secret)],
    ['joined to a string', `bot${secret as unknown as string}`],
    ['JSON', JSON.stringify({ secret })],
    ['util.inspect', inspect({ nested: { secret } }, { depth: 9, showHidden: true })],
    ['an error that carries it', inspect(new Error('failed', { cause: { secret } }))],
    ['Object.entries', inspect(Object.entries(secret))],
    ['a structured clone', inspect({ ...secret })],
  ];

  it.each(shown)('does not show in %s', (_way, text) => {
    expect(text).not.toContain('CANARY');
  });

  it('says that there is one', () => {
    expect(`${secret}`).toBe('[secret]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
  });

  it('is given out on request only, and compared by value', () => {
    expect(secret.reveal()).toBe(CANARY);
    expect(secret.equals(new Secret(CANARY))).toBe(true);
    expect(secret.equals(new Secret(`${CANARY}x`))).toBe(false);
  });
});

describe('redactTokens', () => {
  it.each([
    [
      `POST https://api.telegram.org/bot${CANARY}/getMe failed`,
      'POST https://api.telegram.org/bot[secret]/getMe failed',
    ],
    [`${CANARY} and ${CANARY}`, '[secret] and [secret]'],
    [encodeURIComponent(CANARY), '[secret]'],
    ['at 12:30:00 on 127.0.0.1:8080', 'at 12:30:00 on 127.0.0.1:8080'],
  ])('turns %j into %j', (text, expected) => {
    expect(redactTokens(text)).toBe(expected);
  });

  it('guards the messages of our errors and of foreign ones', () => {
    expect(inputError('X', `bad ${CANARY}`).message).toBe('bad [secret]');
    expect(errorMessage(new Error(`bad ${CANARY}`))).toBe('bad [secret]');
  });
});
