import { expect, test } from 'vitest';
import { present } from '../../src/lib/present.ts';

test('what is undefined is left out, and all else stays', () => {
  const missing = undefined as number | undefined;
  const found: { one: number; none?: number; nothing: null } = present({
    one: 1,
    none: missing,
    nothing: null,
  });
  expect(Object.keys(found)).toEqual(['one', 'nothing']);
});
