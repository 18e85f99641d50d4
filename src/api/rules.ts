import { z } from 'zod';

/** A rule that holds in zod and in the API server, worded once. */
export interface Rule<Value> {
  /** The rule in CEL; `self` is the value. Goes into the CRD. */
  readonly cel: string;
  /** What is wrong and what to do, for a tenant. */
  readonly message: string;
  /** The same rule here. True where the value keeps it. */
  readonly holds: (value: Value) => boolean;
}

/**
 * `schema` with `rule` added: zod checks `holds`, the CRD generated from the schema carries `cel`
 * (`x-kubernetes-validations`), and both speak with the same message.
 */
export function withRule<Schema extends z.ZodType>(
  schema: Schema,
  rule: Rule<z.output<Schema>>,
): Schema {
  const known = (schema.meta()?.['x-kubernetes-validations'] ?? []) as object[];
  return schema
    .refine((value) => rule.holds(value), { error: rule.message })
    .meta({
      ...schema.meta(),
      'x-kubernetes-validations': [...known, { rule: rule.cel, message: rule.message }],
    });
}

/**
 * A string of at most `maxLength` characters, counted as the API server does, in code points: one
 * emoji is one character. (zod's own `max` counts UTF-16 units.)
 */
export function text(options: { minLength?: number; maxLength: number }) {
  const { minLength = 1, maxLength } = options;
  return z
    .string()
    .refine((value) => countCharacters(value) >= minLength, {
      error: `must have at least ${minLength} ${minLength === 1 ? 'character' : 'characters'}`,
      abort: true,
    })
    .refine((value) => countCharacters(value) <= maxLength, {
      error: `must have at most ${maxLength} characters`,
      abort: true,
    })
    .meta({ minLength, maxLength });
}

/** How many code points `value` has. */
export function countCharacters(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}
