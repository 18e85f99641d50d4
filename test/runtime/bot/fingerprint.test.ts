import { expect, test } from 'vitest';
import { fingerprintOf, toBotError } from '../../../src/runtime/bot/fingerprint.ts';

const same: readonly (readonly [string, string])[] = [
  ['no chat 4711', 'no chat 12'],
  ['user "Ann" is unknown', 'user "Bob Smith" is unknown'],
  ["can't reach http://a.example/x?y=1 now", "can't reach https://b.example now"],
  ['update a1b2c3d4e5 is bad', 'update ffee00112233 is bad'],
];

test.each(same)('%j and %j have the same cause', (one, other) => {
  expect(fingerprintOf(new Error(one))).toBe(fingerprintOf(new Error(other)));
});

test('another message, class or code is another cause', () => {
  const coded = Object.assign(new Error('it failed'), { code: 'EPIPE' });
  const prints = [
    new Error('it failed'),
    new Error('it broke'),
    new TypeError('it failed'),
    coded,
    'it failed',
    undefined,
  ].map(fingerprintOf);
  expect(new Set(prints).size).toBe(prints.length);
  expect(prints[0]).toMatch(/^[0-9a-f]{12}$/);
});

test('an error for a status is bounded, well-formed and without tokens', () => {
  const token = `12345678:${'A'.repeat(35)}`;
  const { message } = toBotError(new Error(`\ud800 ${token} ${'x'.repeat(5_000)}`), 'now');
  expect(message).toMatch(/^\ufffd \[secret\] x+$/);
  expect(message).toHaveLength(1_024);
  expect(toBotError(new Error(''), 'now').message).not.toBe('');
});
