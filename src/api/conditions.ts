import { z } from 'zod';

const timestamp = () => z.string().meta({ format: 'date-time' });

/** A condition as Kubernetes writes them. */
export const conditionSchema = z
  .strictObject({
    type: z.string().max(316).meta({ description: 'What the condition is about.' }),
    status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether it holds.' }),
    reason: z
      .string()
      .max(1024)
      .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
      .meta({ description: 'Why, for programs.' }),
    message: z.string().max(32_768).meta({ description: 'Why, for people, and what to do.' }),
    lastTransitionTime: timestamp().meta({
      format: 'date-time',
      description: 'When the status last changed.',
    }),
    observedGeneration: z.int().optional().meta({
      format: 'int64',
      description: 'The generation of the spec that this was said about.',
    }),
  })
  .meta({ description: 'One thing that holds or does not.' });

export type Condition = z.output<typeof conditionSchema>;

/** The list in which conditions stand: merged by type in Kubernetes. */
export const conditionsSchema = z
  .array(conditionSchema)
  .max(32)
  .meta({
    description: 'What holds and what does not, each with a reason.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  });

/** A condition before it is stamped with times. */
export interface Finding {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
  /** The generation that this was found about, where it is not the newest. */
  readonly observedGeneration?: number;
}

/**
 * Turns findings into conditions. `lastTransitionTime` stays what it was where the status of the
 * same type has not changed, so that saying the same again changes nothing.
 */
export function stampConditions(
  findings: readonly Finding[],
  context: {
    readonly previous: readonly Condition[];
    readonly generation: number;
    readonly now: string;
  },
): Condition[] {
  return findings.map((finding) => {
    const before = context.previous.find((condition) => condition.type === finding.type);
    return {
      observedGeneration: context.generation,
      ...finding,
      lastTransitionTime:
        before?.status === finding.status ? before.lastTransitionTime : context.now,
    };
  });
}
