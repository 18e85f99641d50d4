import type { z } from 'zod';
import { botFleetSchema } from '../bot-fleet.ts';
import { BOT_FLEET_COLUMNS, type Column, TENANT_BOT_COLUMNS } from '../columns.ts';
import { GROUP, VERSION } from '../group.ts';
import { rulesOf } from '../rules.ts';
import { tenantBotSchema } from '../tenant-bot.ts';
import { type StructuralSchema, toStructural } from './structural.ts';

/** What the API server is to know of one kind of resource. */
export interface ResourceDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortName: string;
  readonly description: string;
  readonly schema: z.ZodObject<{ spec: z.ZodType; status: z.ZodType }>;
  readonly columns: readonly Column[];
  /** JSONPaths of the fields that a field selector may name. */
  readonly selectableFields: readonly string[];
}

/** Every kind of resource that this program brings along. */
export const RESOURCES: readonly ResourceDefinition[] = [
  {
    kind: 'TenantBot',
    plural: 'tenantbots',
    singular: 'tenantbot',
    shortName: 'tb',
    description: "A Telegram bot: a tenant's wish that the operator runs it.",
    schema: tenantBotSchema,
    columns: TENANT_BOT_COLUMNS,
    selectableFields: ['.spec.fleet', '.status.placement.shard', '.status.health.state'],
  },
  {
    kind: 'BotFleet',
    plural: 'botfleets',
    singular: 'botfleet',
    shortName: 'bf',
    description: 'A set of processes that host bots, and what holds for all of them.',
    schema: botFleetSchema,
    columns: BOT_FLEET_COLUMNS,
    selectableFields: [],
  },
];

/** The schema of a whole object; what every Kubernetes object has is left to the API server. */
export function objectSchema(resource: ResourceDefinition): StructuralSchema {
  const spec = toStructural(resource.schema.shape.spec);
  const rules = rulesOf(resource.schema);
  return {
    description: resource.description,
    type: 'object',
    ...(spec.default === undefined && { required: ['spec'] }),
    ...(rules && { 'x-kubernetes-validations': rules }),
    properties: {
      apiVersion: { description: `Always ${GROUP}/${VERSION}.`, type: 'string' },
      kind: { description: `Always ${resource.kind}.`, type: 'string' },
      // The API server has its own schema for metadata and forbids any word about it.
      metadata: { type: 'object' },
      spec,
      status: toStructural(resource.schema.shape.status),
    },
  };
}

/** The CustomResourceDefinition of `resource`, ready to be written as YAML. */
export function customResourceDefinition(resource: ResourceDefinition): object {
  const { kind, plural, singular, shortName, columns, selectableFields } = resource;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [shortName],
        categories: ['bots'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          ...(selectableFields.length > 0 && {
            selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })),
          }),
          schema: { openAPIV3Schema: objectSchema(resource) },
        },
      ],
    },
  };
}
