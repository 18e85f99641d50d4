import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mergePatchBetween } from '../../../src/controller/bot/merge-patch.ts';

const fields = fc.constantFrom('a', 'b', 'c');
const { object } = fc.letrec<{ object: object; value: unknown }>((tie) => ({
  object: fc.dictionary(fields, tie('value'), { noNullPrototype: true, maxKeys: 3 }),
  value: fc.oneof({ maxDepth: 3 }, fc.nat(2), fc.array(fc.nat(2), { maxLength: 2 }), tie('object')),
}));

/** RFC 7386, section 2, word for word. */
function applied(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applied(result[name], value);
  }
  return result;
}

it('the patch between two objects makes one of the other, and is none between equals', () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      expect(applied(before, mergePatchBetween(before, after) ?? {})).toEqual(after);
      expect(mergePatchBetween(after, structuredClone(after))).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
