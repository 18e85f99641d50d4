import type { z } from 'zod';

/** What lies inside a schema: named fields, or values that all share one schema. */
export interface Shape {
  readonly fields?: Readonly<Record<string, z.ZodType>>;
  readonly values?: z.ZodType;
}

/** The inside of `schema`, past what is wrapped around it: optional, default and their like. */
export function shapeOf(schema: z.ZodType | undefined): Shape | undefined {
  if (!schema) return undefined;
  const def = schema.def as {
    readonly innerType?: z.ZodType;
    readonly shape?: Record<string, z.ZodType>;
    readonly element?: z.ZodType;
    readonly valueType?: z.ZodType;
  };
  if (def.innerType) return shapeOf(def.innerType);
  if (def.shape) return { fields: def.shape };
  const values = def.element ?? def.valueType;
  return values ? { values } : {};
}

/** The schema of the field or entry `name` inside `shape`. */
export function childAt(shape: Shape | undefined, name: string): z.ZodType | undefined {
  if (!shape?.fields) return shape?.values;
  return Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
}
