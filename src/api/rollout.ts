import { z } from 'zod';

/**
 * `spec.runtime.canarySeconds` of a BotFleet: for how long the first shard of a rollout is watched.
 */
export const canarySecondsSchema = z.int().min(0).max(3600).default(30).meta({
  description:
    'When the pods are renewed, one shard goes first, and has to do well for so long before the others follow, one by one. With 0 none goes first.',
});

/** Where a rollout is: one shard runs the new pods and is watched, or the others follow. */
export const ROLLOUT_PHASES = ['Canary', 'Rolling'] as const;

/** `status.rollout` of a BotFleet: present while pods are being renewed. */
export const rolloutSchema = z
  .strictObject({
    revision: z.string().max(253).meta({ description: 'Revision of the StatefulSet that comes.' }),
    phase: z.enum(ROLLOUT_PHASES).meta({
      description:
        'Canary while one shard runs it and is watched, Rolling while the others follow.',
    }),
    canary: z.int().min(0).meta({ description: 'Ordinal of the shard that goes first.' }),
    since: z.string().meta({ format: 'date-time', description: 'When it began.' }),
    healthySince: z.string().optional().meta({
      format: 'date-time',
      description: 'Since when the first shard has been doing well without a break.',
    }),
  })
  .meta({ description: 'How far the renewal of the pods is.' });

export type Rollout = z.output<typeof rolloutSchema>;
