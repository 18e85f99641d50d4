import { z } from 'zod';
import {
  botMetrics,
  logFormat,
  logLevel,
  otlpEndpoint,
  port,
  text,
  traceRatio,
} from './setting-types.ts';

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
  healthHost: text
    .optional()
    .describe('address that /healthz, /readyz and /metrics are served on; all unless given'),
  healthPort: port
    .default(8081)
    .describe('port of /healthz, /readyz and /metrics; 0 takes a free one'),
  botMetrics,
  otlpEndpoint,
  traceRatio,
  webhookPort: port.optional().describe('port for webhooks; none are taken unless given'),
  webhookPeers: z
    .string()
    .regex(/^http:\/\/[^\s/?#@]*\{shard\}[^\s/?#@]*$/, {
      error: 'must be http://host:port with {shard} in it',
    })
    .optional()
    .describe('where the other shards take webhooks, as http://host:port with {shard} in it'),
  podName: z
    .string()
    .regex(/-\d+$/, { error: 'must end with the ordinal of a shard' })
    .optional()
    .describe('name of the pod, which ends with the ordinal of its shard; needed for webhooks'),
  logLevel,
  logFormat: logFormat('json'),
  logShard: text
    .optional()
    .describe('shard that all log lines name, where several runtimes write to one log'),
});

/** What `tenantbot runtime` is told. */
export const RUNTIME_SETTINGS = {
  schema: runtimeSettingsSchema,
  paths: new Set(['controlCa', 'controlToken']),
};

export type RuntimeSettings = z.output<typeof runtimeSettingsSchema>;
