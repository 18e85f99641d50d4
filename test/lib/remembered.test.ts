import { expect, test } from 'vitest';
import { remembered } from '../../src/lib/remembered.ts';

test('makes one value for each object, and the same again for the same', () => {
  let made = 0;
  const numbered = remembered((from: { readonly name: string }) => ({ ...from, made: ++made }));
  const [a, b] = [{ name: 'a' }, { name: 'a' }];
  expect([numbered(a).made, numbered(b).made, numbered(a).made]).toEqual([1, 2, 1]);
});
