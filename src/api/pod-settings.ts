import { z } from 'zod';
import { labelSelectorSchema } from './label-selector.ts';
import { text, withRule } from './rules.ts';

/**
 * Parts of a pod that a BotFleet passes on, named and shaped as Kubernetes does. Their first level
 * is typed, so that a misspelt field is refused where it is written; what lies deeper is judged by
 * the API server when the StatefulSet is applied (docs/decisions/pod-fields-passed-on.md).
 */
const passedOn = (description: string) =>
  z.looseObject({}).meta({ description, 'x-kubernetes-preserve-unknown-fields': true });

/** Whole bytes up to a pebibyte: far below where JSON numbers lose digits. */
const MAX_WHOLE_QUANTITY = 2 ** 50;

const QUANTITY_WORDS =
  'must be an amount such as 2, 500m or 512Mi; one with a fraction stands in quotes';

/** An amount as Kubernetes writes them, without exponents and units below a thousandth. */
const quantitySchema = z
  .union(
    [
      z.int().min(0).max(MAX_WHOLE_QUANTITY),
      z
        .string()
        .max(32)
        .regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/, { error: QUANTITY_WORDS }),
    ],
    { error: QUANTITY_WORDS },
  )
  .meta({ 'x-kubernetes-int-or-string': true });

const quantities = (description: string) =>
  z
    .record(text({ maxLength: 253 }), quantitySchema)
    .optional()
    .meta({ description });

const resourcesSchema = z
  .strictObject({
    requests: quantities('What a node must have free, by resource: cpu, memory.'),
    limits: quantities('What a pod may not exceed, by resource: cpu, memory.'),
  })
  .default({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } })
  .meta({ description: 'What each pod gets of its node. An empty object asks for nothing.' });

const tolerationSchema = z
  .strictObject({
    key: z
      .string()
      .max(317)
      .optional()
      .meta({ description: 'Key of the taint; any if not given.' }),
    operator: z
      .enum(['Equal', 'Exists'])
      .optional()
      .meta({ description: 'Whether the value counts. Equal unless given.' }),
    value: z.string().max(63).optional().meta({ description: 'Value of the taint, for Equal.' }),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .optional()
      .meta({ description: 'Effect of the taint; every effect if not given.' }),
    tolerationSeconds: z
      .int()
      .min(0)
      .max(2 ** 40)
      .optional()
      .meta({ description: 'How long NoExecute is tolerated; for good if not given.' }),
  })
  .meta({ description: 'A taint that the pods tolerate.' });

const affinitySchema = z
  .strictObject({
    nodeAffinity: passedOn('As in a pod.').optional(),
    podAffinity: passedOn('As in a pod.').optional(),
    podAntiAffinity: passedOn('As in a pod.').optional(),
  })
  .meta({ description: 'Which nodes and which neighbours the pods want.' });

const policy = (description: string) =>
  z.enum(['Honor', 'Ignore']).optional().meta({ description });

const topologySpreadConstraintSchema = z
  .strictObject({
    maxSkew: z.int().min(1).max(1000).meta({ description: 'By how much domains may differ.' }),
    topologyKey: text({ maxLength: 317 }).meta({
      description: 'Label of nodes that tells their domain.',
    }),
    whenUnsatisfiable: z
      .enum(['DoNotSchedule', 'ScheduleAnyway'])
      .meta({ description: 'Whether a pod waits where the rule cannot be kept.' }),
    labelSelector: labelSelectorSchema(
      'Pods that are counted. The pods of this fleet unless given.',
    ).optional(),
    minDomains: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'How many domains there must be at least.' }),
    nodeAffinityPolicy: policy('Whether nodes that the affinity excludes are left out.'),
    nodeTaintsPolicy: policy('Whether nodes with taints are left out.'),
  })
  .meta({ description: 'A rule by which the pods are spread.' });

const envVarSchema = withRule(
  z
    .strictObject({
      name: text({ maxLength: 256 })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
          error: 'must consist of letters, digits and "_", and not begin with a digit',
        })
        .meta({ description: 'Name of the variable.' }),
      value: z.string().max(4096).optional().meta({ description: 'What it is set to.' }),
      valueFrom: passedOn('Where its value comes from, as in a pod.').optional(),
    })
    .meta({ description: 'A variable.' }),
  {
    cel: "!self.name.startsWith('TENANTBOT_')",
    message: 'variables that begin with TENANTBOT_ are set by the operator',
    holds: ({ name }) => !name.startsWith('TENANTBOT_'),
  },
);

const envSchema = z
  .array(envVarSchema)
  .max(100)
  .superRefine((variables, context) => {
    const seen = new Set<string>();
    for (const [index, { name }] of variables.entries()) {
      if (seen.has(name)) {
        context.addIssue({ code: 'custom', path: [index], message: `names ${name} once more` });
      }
      seen.add(name);
    }
  })
  .meta({
    description: 'Variables for the runtime, such as those of a proxy.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  });

/** The fields of `spec.runtime` that shape the pods. Only a cluster has pods. */
export const podSettings = {
  image: text({ maxLength: 1024 })
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$/, { error: 'must be the name of a container image' })
    .optional()
    .meta({ description: "Image of the runtime. The operator's own unless given." }),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .optional()
    .meta({ description: 'When nodes fetch the image. As Kubernetes does it unless given.' }),
  imagePullSecrets: z
    .array(
      z
        .strictObject({ name: text({ maxLength: 253 }).meta({ description: 'Its name.' }) })
        .meta({ description: 'A Secret.' }),
    )
    .max(10)
    .optional()
    .meta({ description: "Secrets of the fleet's namespace that open the image's registry." }),
  resources: resourcesSchema,
  nodeSelector: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'Labels that a node must have.' }),
  tolerations: z
    .array(tolerationSchema)
    .max(100)
    .optional()
    .meta({ description: 'Taints that the pods tolerate.' }),
  affinity: affinitySchema.optional(),
  topologySpreadConstraints: z
    .array(topologySpreadConstraintSchema)
    .max(10)
    .optional()
    .meta({ description: 'How the pods are spread over zones or nodes.' }),
  env: envSchema.optional(),
} as const;
