import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseToken } from '../../src/api/token.ts';

const SECRET = 'AAE-xyz_0123456789abcdefghijklmnopq';

describe('a token', () => {
  it('gives the bot id', () => {
    const parsed = parseToken(`123456:${SECRET}`);
    expect(parsed).toMatchObject({ ok: true, botId: 123_456, trimmed: false });
    expect(parsed.ok && parsed.token.reveal()).toBe(`123456:${SECRET}`);
  });

  it.each(['\n', '\r\n', ' ', '\t', '\ufeff'])(
    'is trimmed of %j around it, and says so',
    (space) => {
      const parsed = parseToken(`${space}123456:${SECRET}${space}`);
      expect(parsed).toMatchObject({ ok: true, trimmed: true });
      expect(parsed.ok && parsed.token.reveal()).toBe(`123456:${SECRET}`);
    },
  );

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    [SECRET, 'has no colon'],
    [`abc:${SECRET}`, 'does not begin with a numeric bot id'],
    [`0123:${SECRET}`, 'does not begin with a numeric bot id'],
    [`123456:${SECRET}!`, 'a character behind the colon that no token has'],
    [`123456:${SECRET} ${SECRET}`, 'a character behind the colon'],
    ['123456:short', 'is too short: 5 characters'],
    [`123456:${'x'.repeat(80)}`, 'is 87 characters long'],
  ])('is refused: %#', (raw, message) => {
    expect(parseToken(raw)).toEqual({ ok: false, message: expect.stringContaining(message) });
  });

  it('never shows in what is said about it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 90 }), (noise) => {
        const canary = `canary${noise}canary`;
        for (const raw of [canary, `123456:${canary}`, `${canary}:${SECRET}`]) {
          expect(inspect(parseToken(raw))).not.toContain('canary');
        }
      }),
    );
  });
});
