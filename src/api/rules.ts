import { z } from 'zod';

/** A rule that holds in zod and in the API server, worded once. */
export interface Rule<Value> {
  /** The rule in CEL; `self` is the value. Goes into the CRD. */
  readonly cel: string;
  /** What is wrong and what to do, for a tenant. */
  readonly message: string;
  /** The same rule here. True where the value keeps it. */
  readonly holds: (value: Value) => boolean;
  /** What exactly is wrong with a value; said here alone, since CEL can't find out. */
  readonly because?: (value: Value) => string | undefined;
}

/** A rule as a CRD carries it. */
interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/**
 * `schema` with `rule` added: zod checks `holds`, the CRD generated from the schema carries `cel`
 * (`x-kubernetes-validations`), and both speak with the same message.
 */
export function withRule<Schema extends z.ZodType>(
  schema: Schema,
  rule: Rule<z.output<Schema>>,
): Schema {
  const error = ({ input }: { readonly input?: unknown }): string => {
    const because = rule.because?.(input as z.output<Schema>);
    return because === undefined ? rule.message : `${rule.message}: ${because}`;
  };
  return schema
    .refine((value) => rule.holds(value), { error })
    .meta({
      ...schema.meta(),
      'x-kubernetes-validations': [
        ...(rulesOf(schema) ?? []),
        { rule: rule.cel, message: rule.message },
      ],
    });
}

/** The rules of `schema` as a CRD carries them; undefined where it has none. */
export function rulesOf(schema: z.ZodType): CelRule[] | undefined {
  return schema.meta()?.['x-kubernetes-validations'] as CelRule[] | undefined;
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
