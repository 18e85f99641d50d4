import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/api/explain.ts';
import { parseSecret } from '../../src/api/secret-manifest.ts';

const CANARY = 'canary-7f3a';

function secret(fields: object): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, ...fields };
}

function read(fields: object) {
  const parsed = parseSecret(secret(fields));
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('; '));
  return parsed.value.values;
}

function said(fields: object): string[] {
  const parsed = parseSecret(secret(fields));
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe('a Secret', () => {
  it('gives text from data and stringData, the latter first', () => {
    const values = read({
      data: { a: Buffer.from('äöü\n').toString('base64'), b: 'eA==' },
      stringData: { b: 'plain', c: '', d: '\ufeffmark' },
    });
    const texts = [...values].map(([key, value]) => [
      key,
      value.kind === 'text' && value.text.reveal(),
    ]);
    expect(Object.fromEntries(texts)).toEqual({ a: 'äöü\n', b: 'plain', c: '', d: '\ufeffmark' });
  });

  it('gives the size of a value that is not text', () => {
    expect(read({ data: { a: '/////w==' } }).get('a')).toEqual({ kind: 'binary', bytes: 4 });
  });

  it('reads back any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
        const value = read({ data: { a: Buffer.from(text).toString('base64') } }).get('a');
        expect(value?.kind === 'text' && value.text.reveal()).toBe(text);
      }),
    );
  });

  it('takes base64 with line breaks, as Kubernetes does, and all fields that Kubernetes has', () => {
    const values = read({ type: 'Opaque', immutable: true, data: { a: 'aGVs\nbG8=\n' } });
    expect(values.get('a')).toMatchObject({ kind: 'text' });
    expect(read({ data: null, stringData: { a: null } }).size).toBe(0);
  });

  it.each([
    [{ data: { a: 'plain text' } }, 'data.a: must be base64; plain text goes into stringData'],
    [
      { data: { a: '!' }, stringData: { a: 'x' } },
      'data.a: must be base64; plain text goes into stringData',
    ],
    [{ data: { a: 'eA' } }, 'data.a: must be base64; plain text goes into stringData'],
    [{ stringData: { a: 123 } }, 'stringData.a: must be text, is a number; put it in quotes'],
    [
      { stringData: { 'a b': 'x' } },
      'stringData["a b"]: must be a key of a Secret: letters, digits, - _ .',
    ],
    [{ data: { '..': 'eA==' } }, 'data[".."]: must be a key of a Secret: letters, digits, - _ .'],
    [{ stringdata: {} }, 'stringdata: is not a known field; did you mean stringData?'],
    [{ stringData: { a: 'x'.repeat(1024 * 1024 + 1) } }, 'it: must hold at most 1 MiB in all'],
  ])('is refused with words: %#', (fields, message) => {
    expect(said(fields)).toEqual([message]);
  });

  it.each([
    { data: { a: CANARY } },
    { data: CANARY },
    { data: [CANARY] },
    { stringData: CANARY },
    { stringData: { a: [CANARY] } },
    { stringData: { a: { [CANARY]: CANARY } } },
    { stringData: { a: CANARY }, immutable: CANARY },
    { stringData: { a: CANARY }, type: 7 },
    { stringData: { a: CANARY.repeat(100_000) } },
    { stringData: { a: CANARY } },
    { metadata: { name: 'x', labels: CANARY } },
  ])('never shows a value, good or bad: %#', (fields) => {
    const parsed = parseSecret(secret(fields));
    expect(JSON.stringify(parsed)).not.toContain(CANARY);
    expect(inspect(parsed, { depth: 10, showHidden: true })).not.toContain(CANARY);
  });
});
