import type { z } from 'zod';
import { childAt, shapeOf } from './shape.ts';

/**
 * `value` as the API server takes it: a known field that is null is one that is not there (and
 * gets its default). Null stays, and is refused, in lists and where nothing is known.
 */
export function withoutNulls(value: unknown, schema: z.ZodType | undefined): unknown {
  if (schema === undefined || typeof value !== 'object' || value === null) return value;
  const shape = shapeOf(schema);
  if (Array.isArray(value)) return value.map((entry) => withoutNulls(entry, shape?.values));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, field]) => field !== null || childAt(shape, name) === undefined)
      .map(([name, field]) => [name, withoutNulls(field, childAt(shape, name))]),
  );
}
