import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { objectSchema, RESOURCES } from '../../src/api/crd/definitions.ts';
import { crdFiles, generatedFiles } from '../../src/api/crd/files.ts';
import { type StructuralSchema, toStructural } from '../../src/api/crd/structural.ts';
import { parseManifest } from '../../src/api/manifest.ts';
import { TEMPLATE_PATTERN } from '../../src/api/template.ts';
import { BOT_FLEET_ROWS } from './manifests/bot-fleets.ts';
import { HANDLER_ROWS } from './manifests/handlers.ts';
import { TENANT_BOT_ROWS } from './manifests/tenant-bots.ts';

/** A field of a resource, with its path for messages. */
type Field = readonly [path: string, schema: StructuralSchema];

function* fieldsBelow(path: string, schema: StructuralSchema): Generator<Field> {
  const { properties = {}, items, additionalProperties } = schema;
  const children: Field[] = Object.entries(properties).map(([name, child]) => [
    `${path}.${name}`,
    child,
  ]);
  if (items) children.push([`${path}[]`, items]);
  if (additionalProperties) children.push([`${path}{}`, additionalProperties]);
  for (const child of children) {
    yield child;
    yield* fieldsBelow(...child);
  }
}

const fields = RESOURCES.flatMap((resource) => [
  ...fieldsBelow(resource.kind, objectSchema(resource)),
]);

describe('generated files', () => {
  it.each(generatedFiles())(
    '$path is what the schemas say; else run `npm run generate`',
    (file) => {
      const stored = readFileSync(new URL(`../../${file.path}`, import.meta.url), 'utf8');
      expect(stored).toBe(file.text);
    },
  );

  it('are YAML that reads back as the definition, without anchors', () => {
    for (const { text } of crdFiles()) {
      expect(text).not.toMatch(/[&*]a\d/);
      expect(parse(text)).toMatchObject({ kind: 'CustomResourceDefinition' });
    }
  });
});

describe('the schemas in the CRDs', () => {
  const offenders = (isWrong: (field: StructuralSchema, path: string) => boolean) =>
    fields.filter(([path, field]) => isWrong(field, path)).map(([path]) => path);

  it('describe every field, for kubectl explain', () => {
    const silent = offenders(
      ({ description }, path) =>
        !description && !/(\[\]|\{\})$/.test(path) && !/^\w+\.metadata$/.test(path),
    );
    expect(silent).toEqual([]);
  });

  it('give every list a merge strategy and every integer a width', () => {
    const merge = 'x-kubernetes-list-type';
    expect(offenders((field) => field.type === 'array' && !field[merge])).toEqual([]);
    expect(offenders((field) => field.type === 'integer' && !field.format)).toEqual([]);
  });

  it('give a default to every optional object with defaults inside, so that these apply', () => {
    const lost = offenders(({ properties, required, default: given }, path) => {
      const inside = Object.values(properties ?? {}).some((child) => child.default !== undefined);
      return inside && !required && given === undefined && !path.includes('[]');
    });
    expect(lost).toEqual([]);
  });

  it('keep the bounds that a schema sets and drop those that zod adds', () => {
    expect(toStructural(z.int())).toEqual({ type: 'integer', format: 'int64' });
    expect(toStructural(z.int().min(1).max(9))).toEqual({
      type: 'integer',
      format: 'int32',
      minimum: 1,
      maximum: 9,
    });
    expect(toStructural(z.record(z.string(), z.boolean()))).toEqual({
      type: 'object',
      additionalProperties: { type: 'boolean' },
    });
  });

  it('say in the words of the API server what may be a whole number or text', () => {
    const either = z.union([z.int().max(9), z.string().regex(/^a$/)]);
    expect(toStructural(either.meta({ 'x-kubernetes-int-or-string': true }))).toEqual({
      maximum: 9,
      pattern: '^a$',
      'x-kubernetes-int-or-string': true,
    });
  });

  it('let through what is for another schema to judge, where it is marked so', () => {
    const open = z.looseObject({}).meta({ 'x-kubernetes-preserve-unknown-fields': true });
    expect(toStructural(open)).toEqual({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
    });
    expect(() => toStructural(z.looseObject({}))).toThrow('preserve-unknown-fields');
  });

  it.each([
    ['a union', z.object({ a: z.union([z.string(), z.int()]) })],
    ['anything', z.object({ a: z.unknown() })],
    ['a null', z.object({ a: z.string().nullable() })],
    ['a keyword of JSON Schema that the API server lacks', z.string().meta({ examples: ['x'] })],
  ])('refuse %s instead of leaving it out', (_, schema) => {
    expect(() => toStructural(schema)).toThrow(/structural schema has no|exactly one type/);
  });
});

describe('defaults', () => {
  const rows = [...TENANT_BOT_ROWS, ...HANDLER_ROWS, ...BOT_FLEET_ROWS];
  const good = rows.filter((row) => row.wrong === undefined);

  it.each(good)('are the same here and in the API server for $name', ({ manifest }) => {
    const read = parseManifest(manifest);
    const { kind, spec } = structuredClone(manifest) as { kind: string; spec?: unknown };
    const resource = RESOURCES.find((candidate) => candidate.kind === kind);
    if (!resource) throw new Error(`no resource ${kind}`);
    const stored = applyDefaults({ spec }, objectSchema(resource)) as { spec: unknown };
    expect(read).toMatchObject({ ok: true, value: { object: { spec: stored.spec } } });
  });
});

/** What the API server does: null and missing fields get their default, nulls without one go. */
function applyDefaults(value: unknown, schema: StructuralSchema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((entry) => applyDefaults(entry, items)) : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  const out: Record<string, unknown> = { ...value };
  if (schema.additionalProperties) {
    for (const [name, entry] of Object.entries(out)) if (entry === null) delete out[name];
  }
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const field = out[name] ?? structuredClone(child.default);
    if (field === undefined) delete out[name];
    else out[name] = applyDefaults(field, child);
  }
  return out;
}

describe('patterns', () => {
  const patterns = [
    ...new Set(fields.flatMap(([, { pattern }]) => (pattern === undefined ? [] : [pattern]))),
    TEMPLATE_PATTERN,
  ];
  const pieces = 'a Z 0 - . _ / : @ # ? { } [ ] % ! ~ 😀 ä firstName https://'.split(' ');
  const blanks = [' ', '\n', '\r', '\t', '\u2028', '\u00a0', '\ufeff'];
  const marks = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'];
  const near = fc.string({
    unit: fc.constantFrom(...pieces, ...blanks, ...marks),
    maxLength: 12,
  });

  it.each(patterns)('%s means the same in JavaScript and in RE2', (pattern) => {
    const here = new RegExp(pattern);
    const there = RE2JS.compile(pattern);
    fc.assert(
      fc.property(near, (value) => {
        expect(there.matcher(value).find()).toBe(here.test(value));
      }),
      { numRuns: 500 },
    );
  });
});
