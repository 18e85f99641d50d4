import { z } from 'zod';

/** A schema as a CustomResourceDefinition carries it (OpenAPI v3, structural). */
export interface StructuralSchema {
  /** Absent where a whole number or text may stand. */
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  format?: string;
  default?: unknown;
  enum?: unknown[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  properties?: Record<string, StructuralSchema>;
  required?: string[];
  additionalProperties?: StructuralSchema;
  items?: StructuralSchema;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-validations'?: { rule: string; message: string }[];
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What a structural schema may hold beside its children, in the order in which it is written. */
const PLAIN_KEYWORDS = [
  'description',
  'type',
  'format',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
] as const;

/** Keywords of JSON Schema that mean nothing to the API server, or that it has by other means. */
const DROPPED_KEYWORDS = new Set(['$schema', 'additionalProperties', 'propertyNames']);
const CHILDREN = new Set(['properties', 'items']);

const INT_OR_STRING = 'x-kubernetes-int-or-string';
const PRESERVE = 'x-kubernetes-preserve-unknown-fields';

const MAX_INT32 = 2 ** 31 - 1;

/**
 * The structural schema of what somebody may write: fields with a default are optional, unknown
 * fields are left to the API server (which prunes them, or refuses them in strict validation).
 * Throws on anything that structural schemas can't say, so that nothing is lost in silence.
 */
export function toStructural(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { io: 'input' }), '');
}

function convert(json: JsonSchema, path: string): StructuralSchema {
  if (json[INT_OR_STRING] === true) return intOrString(json, path);
  const out: Record<string, unknown> = {};
  for (const keyword of PLAIN_KEYWORDS) {
    if (json[keyword] !== undefined) out[keyword] = json[keyword];
  }
  refuseUnknown(json, path);
  refuseUnmarked(json, path);
  if (json.pattern !== undefined) out['pattern'] = json.pattern.replaceAll('\\/', '/');
  if (json.type === 'integer') limitInteger(out);
  if (json.type === 'array') out['x-kubernetes-list-type'] ??= 'atomic';
  const inside = children(json, path);
  if (json.type === 'object' && json.default !== undefined) {
    out['default'] = { ...defaultsOf(inside.properties ?? {}), ...(json.default as object) };
  }
  return { ...out, ...inside };
}

/**
 * The defaults of an object's fields, as one value. The object's own default must hold them: the
 * API server tries its rules on that as it stands, with nothing filled in.
 */
export function defaultsOf(properties: Readonly<Record<string, StructuralSchema>>): object {
  const given = Object.entries(properties).filter(([, child]) => child.default !== undefined);
  return Object.fromEntries(given.map(([name, child]) => [name, child.default]));
}

/** A union of a whole number and text: the API server has one keyword for it, and no type. */
function intOrString({ anyOf = [], description }: JsonSchema, path: string): StructuralSchema {
  const branches = anyOf.map((branch) => convert(branch, path));
  const limits = branches.map(({ type: _type, format: _format, ...rest }) => rest);
  return Object.assign({ ...(description !== undefined && { description }) }, ...limits, {
    [INT_OR_STRING]: true,
  }) as StructuralSchema;
}

function children(json: JsonSchema, path: string): Partial<StructuralSchema> {
  const { properties, items, additionalProperties } = json;
  return {
    ...(Object.keys(properties ?? {}).length > 0 && {
      properties: Object.fromEntries(
        Object.entries(properties ?? {}).map(([name, child]) => [
          name,
          convert(child as JsonSchema, `${path}.${name}`),
        ]),
      ),
    }),
    ...(items && { items: convert(items as JsonSchema, `${path}[]`) }),
    ...(isSchema(additionalProperties) && {
      additionalProperties: convert(additionalProperties, `${path}{}`),
    }),
  };
}

/** Leaves out the bounds that zod gives every integer, and names the width instead. */
function limitInteger(out: Record<string, unknown>): void {
  const { minimum, maximum } = out;
  if (minimum === Number.MIN_SAFE_INTEGER) delete out['minimum'];
  if (maximum === Number.MAX_SAFE_INTEGER) delete out['maximum'];
  out['format'] ??= typeof maximum === 'number' && maximum <= MAX_INT32 ? 'int32' : 'int64';
}

function refuseUnknown(json: JsonSchema, path: string): void {
  const known: readonly string[] = PLAIN_KEYWORDS;
  for (const keyword of Object.keys(json)) {
    if (known.includes(keyword) || DROPPED_KEYWORDS.has(keyword) || CHILDREN.has(keyword)) continue;
    throw new TypeError(`${path}: a structural schema has no "${keyword}"`);
  }
  if (typeof json.type !== 'string') throw new TypeError(`${path}: a field needs exactly one type`);
}

/** Zod's loose objects keep what they don't know; without the mark the API server would drop it. */
function refuseUnmarked({ type, additionalProperties, ...json }: JsonSchema, path: string): void {
  const isLoose = type === 'object' && isEmptySchema(additionalProperties);
  if (isLoose && json[PRESERVE] !== true) throw new TypeError(`${path}: needs ${PRESERVE}`);
}

function isEmptySchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}
