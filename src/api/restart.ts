import { z } from 'zod';

/** `spec.restart` of a TenantBot. */
export const restartSchema = z
  .strictObject({
    maxRestarts: z.int().min(0).max(100).default(3).meta({
      description:
        'How often the bot is started again after a crash before it is left crashed, until its spec or token changes or somebody says so.',
    }),
    cooldownSeconds: z.int().min(1).max(3_600).default(10).meta({
      description: 'How long it rests before each.',
    }),
    heartbeatSeconds: z.int().min(60).max(86_400).default(300).meta({
      description:
        'How long nothing may be heard of the intake of updates (a poll answered, a webhook found in order) before the bot counts as hung and is started again.',
    }),
  })
  .meta({ description: 'What happens when the bot crashes or hangs.' });

export type RestartSettings = z.output<typeof restartSchema>;
