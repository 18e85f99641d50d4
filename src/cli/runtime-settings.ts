import { z } from 'zod';
import { logFormat, logLevel, port, text } from './setting-types.ts';

const runtimeSettingsSchema = z.strictObject({
  controlUrl: z
    .string({ error: 'is needed: where the leader is, as https://host:port' })
    .regex(/^https:\/\/[^\s/?#@]+\/?$/, { error: 'must be https://host:port' })
    .transform((url) => url.replace(/\/$/, ''))
    .describe('where the leader is, as https://host:port'),
  controlCa: text
    .default('/etc/tenantbot/ca.crt')
    .describe(
      'file with the certificates to check the leader against, PEM; read again as it changes',
    ),
  controlToken: text
    .default('/var/run/tenantbot/token')
    .describe('file with the token to show to the leader; read again as it changes'),
  healthPort: port
    .default(8081)
    .describe('port of /healthz, /readyz and /metrics; 0 takes a free one'),
  logLevel,
  logFormat: logFormat('json'),
});

/** What `tenantbot runtime` is told. */
export const RUNTIME_SETTINGS = {
  schema: runtimeSettingsSchema,
  paths: new Set(['controlCa', 'controlToken']),
};

export type RuntimeSettings = z.output<typeof runtimeSettingsSchema>;
