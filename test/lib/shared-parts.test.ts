import { expect, test } from 'vitest';
import { SharedParts } from '../../src/lib/shared-parts.ts';

const spec = (name: string) => ({ name, at: { of: name }, limits: { burst: 3, nested: [1, 2] } });

test('equal parts stand in memory once, and nothing else has changed', () => {
  const parts = new SharedParts();
  const one = parts.in(spec('one'));
  const other = parts.in(spec('other'));
  expect(one).toEqual(spec('one'));
  expect(other).toEqual(spec('other'));
  expect(other.limits).toBe(one.limits);
  expect(other.at).not.toBe(one.at);
});

test('what is forgotten stands twice', () => {
  const parts = new SharedParts();
  const one = parts.in(spec('one'));
  for (let index = 0; index < 10_000; index++) parts.in({ at: { index } });
  const other = parts.in(spec('one'));
  expect(other).toEqual(one);
  expect(other.limits).not.toBe(one.limits);
});
