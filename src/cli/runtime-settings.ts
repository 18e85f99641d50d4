import { z } from 'zod';
import { LOG_LEVELS } from '../api/tenant-bot.ts';
import { LOG_FORMATS } from '../telemetry/log.ts';

const PORT_WORDS = 'must be a whole number from 0 to 65535';
const path = z.string().min(1, { error: 'must not be empty' });

const runtimeSettingsSchema = z.strictObject({
  controlUrl: z
    .string({ error: 'is needed: where the leader is, as https://host:port' })
    .regex(/^https:\/\/[^\s/?#@]+\/?$/, { error: 'must be https://host:port' })
    .transform((url) => url.replace(/\/$/, ''))
    .describe('where the leader is, as https://host:port'),
  controlCa: path
    .default('/etc/tenantbot/ca.crt')
    .describe(
      'file with the certificates to check the leader against, PEM; read again as it changes',
    ),
  controlToken: path
    .default('/var/run/tenantbot/token')
    .describe('file with the token to show to the leader; read again as it changes'),
  healthPort: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: PORT_WORDS })
    .refine((port) => Number.isInteger(port) && port >= 0 && port <= 65_535, { error: PORT_WORDS })
    .default(8081)
    .describe('port of /healthz, /readyz and /metrics; 0 takes a free one'),
  logLevel: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info')
    .describe(LOG_LEVELS.join(', ')),
  logFormat: z
    .enum(LOG_FORMATS, { error: `must be one of ${LOG_FORMATS.join(', ')}` })
    .default('json')
    .describe('text for people, json for programs'),
});

/** What `tenantbot runtime` is told. */
export const RUNTIME_SETTINGS = {
  schema: runtimeSettingsSchema,
  paths: new Set(['controlCa', 'controlToken']),
};

export type RuntimeSettings = z.output<typeof runtimeSettingsSchema>;
