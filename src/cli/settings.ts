import { z } from 'zod';
import { retention } from './retention-setting.ts';
import {
  botMetrics,
  databaseUrl,
  flag,
  logFormat,
  logLevel,
  otlpEndpoint,
  port,
  text,
  traceRatio,
  wholeNumber,
} from './setting-types.ts';

/** Each is a process of some 100 MB. */
const MAX_SHARDS = 64;

const address = z
  .string()
  .regex(/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/, {
    error: 'must be an http:// or https:// address without user, query or fragment',
  })
  .transform((url) => url.replace(/\/$/, ''));

/**
 * All settings, whether they come from a flag, from the environment or from a config file. Texts
 * stand for numbers and lists too, since flags and the environment know nothing else.
 */
export const settingsSchema = z.strictObject({
  manifests: z
    .union([z.array(text).min(1), text.transform((paths) => paths.split(','))], {
      error: 'must be files or folders (a list; in the environment, separated by commas)',
    })
    .optional()
    .describe('files and folders with manifests; the samples unless given'),
  data: text.default('.tenantbot').describe('folder for what is kept from one run to the next'),
  apiRoot: z
    .union([z.enum(['emulator', 'fleet']), address], {
      error: 'must be "emulator", "fleet", or an http:// or https:// address',
    })
    .default('emulator')
    .describe('where bots find Telegram: the built-in emulator, as each fleet says, or an address'),
  emulatorControl: address
    .optional()
    .describe('control interface of an emulator that runs elsewhere'),
  apiCa: text.optional().describe('PEM file with certificates to check the Bot API server against'),
  port: port.default(0).describe('port of the local API on 127.0.0.1; 0 takes a free one'),
  adminPort: port
    .default(0)
    .describe('port of the admin API and its page on 127.0.0.1; 0 takes a free one'),
  shards: wholeNumber(1, MAX_SHARDS)
    .default(1)
    .describe(
      `in how many processes the bots of each fleet run, ${MAX_SHARDS} at most; 1 is this very process`,
    ),
  webhookPort: port
    .optional()
    .describe('port for webhooks of fleets with spec.webhook, on all addresses; none unless given'),
  otlpEndpoint,
  traceRatio,
  metricsPort: port
    .optional()
    .describe('port of /metrics, /healthz and /readyz on 127.0.0.1; none unless given'),
  botMetrics,
  databaseUrl: databaseUrl.describe(
    'database of the history, as postgres://user:password@host:port/database; one of its own in the data folder unless given',
  ),
  history: flag.default(true).describe('whether a history of what happens to bots is kept'),
  retention: retention
    .optional()
    .describe('for how many days what is kept of what, such as transitions=90,audit=730'),
  logFile: text
    .optional()
    .describe(
      'file that log lines are written to as well, as JSON: ten files of 50 MB at most, for 90 days',
    ),
  logLevel,
  logFormat: logFormat('text'),
});

export type Settings = z.output<typeof settingsSchema>;

/** What `standalone`, and the commands that ask it, are told. */
export const STANDALONE_SETTINGS = {
  schema: settingsSchema,
  paths: new Set(['manifests', 'data', 'logFile', 'apiCa']),
};

/** `logLevel` as a flag: `--log-level`. */
export function flagName(setting: string): string {
  return `--${setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What the names of all settings in the environment begin with. */
export const SETTINGS_PREFIX = 'TENANTBOT_';

/** `logLevel` as an environment variable: `TENANTBOT_LOG_LEVEL`. */
export function variableName(setting: string): string {
  return `${SETTINGS_PREFIX}${setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
