import { describe, expect, test } from 'vitest';
import { findToken, type Secrets } from '../../../src/api/bot-secrets.ts';
import { parseSecret } from '../../../src/api/secret-manifest.ts';
import { secretsAmong } from '../../../src/standalone/reconcile/secrets.ts';
import { tokenOf } from '../support.ts';

function secrets(values: { stringData?: object; data?: object }): Secrets {
  const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' }, ...values };
  const checked = parseSecret(manifest);
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return new Map([['default/one', checked.value]]);
}

describe('findToken', () => {
  const ref = { name: 'one', key: 'token' };

  test('a Secret that stands there broken is not called missing', () => {
    const problem = {
      file: 'a.yaml',
      line: 4,
      object: 'Secret/default/one',
      message: 'not base64',
    };
    const found = findToken(secretsAmong([], [problem]), 'default', ref);
    expect(found).toEqual({
      kind: 'Missing',
      message: "The Secret default/one can't be read. a.yaml:4: not base64",
    });
  });

  const find = (all: Secrets) => findToken(all, 'default', ref);

  test('finds a token', () => {
    const found = find(secrets({ stringData: { token: tokenOf(42) } }));
    expect(found).toMatchObject({ kind: 'ok', botId: 42, trimmed: false });
  });

  test('accepts one with a line break behind it, and says so', () => {
    const data = { token: Buffer.from(`${tokenOf(42)}\n`).toString('base64') };
    const found = find(secrets({ data }));
    expect(found).toMatchObject({ kind: 'ok', trimmed: true });
    expect(found.kind === 'ok' && found.token.reveal()).toBe(tokenOf(42));
  });

  test.each([
    [new Map(), 'Missing', 'There is no Secret default/one. Make one with the key "token".'],
    [
      secrets({ stringData: { Token: 'x', other: 'y' } }),
      'Missing',
      'The Secret default/one has no key "token"; it has "Token", "other".',
    ],
    [secrets({}), 'Missing', 'no key "token"; it is empty.'],
    [
      secrets({ data: { token: Buffer.from([0xff, 0xfe, 0xfd]).toString('base64') } }),
      'InvalidFormat',
      'The value is 3 bytes that are not text',
    ],
    [secrets({ stringData: { token: 'abc' } }), 'InvalidFormat', 'has no colon'],
  ])('says what is wrong and what to do (%#)', (all: Secrets, kind, words) => {
    const found = find(all);
    expect(found.kind).toBe(kind);
    expect('message' in found && found.message).toContain(words);
  });

  test('a Secret of another namespace is none', () => {
    const all = secrets({ stringData: { token: tokenOf(42) } });
    expect(findToken(all, 'elsewhere', ref).kind).toBe('Missing');
  });
});
