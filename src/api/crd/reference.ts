import { API_VERSION } from '../group.ts';
import { objectSchema, RESOURCES, type ResourceDefinition } from './definitions.ts';
import { defaultsOf, type StructuralSchema } from './structural.ts';

/** The reference page: a table for each object of each resource, made from the same schemas. */
export function referencePage(header: string): string {
  const intro = [
    `<!-- ${header} -->`,
    '# Reference',
    `All resources are of \`${API_VERSION}\` and namespaced. A field without a default that is not marked required may be left out. A field that is not listed is refused. Fields of \`status\` are written by the operator only; what phases, conditions and reasons mean stands in [conditions](conditions.md).`,
  ];
  return `${[...intro, ...RESOURCES.flatMap(resourceSections)].join('\n\n')}\n`;
}

function resourceSections(resource: ResourceDefinition): string[] {
  const { spec, status } = objectSchema(resource).properties ?? {};
  return [
    `## ${resource.kind}`,
    `${resource.description} Short name \`${resource.shortName}\`, category \`bots\`.`,
    ...(spec ? objectSections(spec, 'spec') : []),
    ...(status ? objectSections(status, 'status') : []),
    '### Columns',
    table(
      ['column', 'shows', 'from', 'shown'],
      resource.columns.map(({ name, description, jsonPath, priority }) => [
        name,
        description,
        code(jsonPath),
        priority === 0 ? 'always' : '`-o wide`',
      ]),
    ),
  ];
}

function objectSections(schema: StructuralSchema, path: string): string[] {
  const { properties } = schema;
  if (!properties) return [];
  const rows = Object.entries(properties).map(([name, field]) => [
    code(name),
    typeOf(field),
    schema.required?.includes(name) ? '**required**' : defaultOf(field),
    limitsOf(field),
    field.description ?? '',
  ]);
  const nested = Object.entries(properties).flatMap(([name, field]) =>
    field.items
      ? objectSections(field.items, `${path}.${name}[]`)
      : objectSections(field, `${path}.${name}`),
  );
  return [
    `### ${path}`,
    ...(schema.description ? [schema.description] : []),
    ...rulesOf(schema),
    table(['field', 'type', 'default', 'limits', 'description'], rows),
    ...nested,
  ];
}

function typeOf(field: StructuralSchema): string {
  if (!field.type) return 'integer or string';
  if (field.items) return `list of ${field.items.properties ? 'objects' : typeOf(field.items)}`;
  if (field.additionalProperties) return `map to ${typeOf(field.additionalProperties)}`;
  if (field.format === 'date-time') return 'time';
  return field.type;
}

function defaultOf(field: StructuralSchema): string {
  const given = JSON.stringify(field.default);
  // One that is put together from those of its fields has rows of its own.
  const isOfFields = given === JSON.stringify(defaultsOf(field.properties ?? {}));
  return given === undefined || isOfFields ? '–' : code(given);
}

function limitsOf(field: StructuralSchema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = field;
  const entries = field.items ?? field.additionalProperties;
  const limits = [
    field.enum && field.enum.map((value) => code(String(value))).join(', '),
    range(minimum, maximum, ''),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' entries'),
    field.pattern && code(field.pattern),
    entries && !entries.properties && limitsOf(entries) && `each ${limitsOf(entries)}`,
    ...rulesOf(field.properties ? {} : field),
  ];
  return limits.filter(Boolean).join('; ');
}

function range(least: number | undefined, most: number | undefined, what: string): string {
  if (least !== undefined && most !== undefined) return `${least}–${most}${what}`;
  if (most !== undefined) return `at most ${most}${what}`;
  return least === undefined ? '' : `at least ${least}${what}`;
}

function rulesOf(field: Pick<StructuralSchema, 'x-kubernetes-validations'>): string[] {
  return (field['x-kubernetes-validations'] ?? []).map(({ message }) => `Rule: ${message}.`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return text.includes('`') ? text : `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
