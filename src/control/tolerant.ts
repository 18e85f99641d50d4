import type { z } from 'zod';
import { childAt, shapeOf } from '../api/shape.ts';

/**
 * Reads `value` as `schema` says, skipping fields that the schema does not know: the other side may
 * be newer. What is known must be right. Messages of the error name places, never values.
 */
export function readTolerantly<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.ZodSafeParseResult<z.output<Schema>> {
  return schema.safeParse(withoutUnknown(value, schema));
}

/** What is wrong with a message, as one line. */
export function explainIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.') || 'body'}: ${message}`)
    .join('; ');
}

function withoutUnknown(value: unknown, schema: z.ZodType | undefined): unknown {
  if (schema === undefined || typeof value !== 'object' || value === null) return value;
  const shape = shapeOf(schema);
  if (Array.isArray(value)) return value.map((entry) => withoutUnknown(entry, shape?.values));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !shape?.fields || childAt(shape, name) !== undefined)
      .map(([name, field]) => [name, withoutUnknown(field, childAt(shape, name))]),
  );
}
