import { z } from 'zod';
import { LOG_LEVELS } from '../api/tenant-bot.ts';
import { LOG_FORMATS } from '../telemetry/log.ts';

const path = z.string().min(1, { error: 'must not be empty' });
const PORT_WORDS = 'must be a whole number from 0 to 65535';
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
    .union([z.array(path).min(1), path.transform((text) => text.split(','))], {
      error: 'must be files or folders (a list; in the environment, separated by commas)',
    })
    .optional()
    .describe('files and folders with manifests; the samples unless given'),
  data: path.default('.tenantbot').describe('folder for what is kept from one run to the next'),
  apiRoot: z
    .union([z.enum(['emulator', 'fleet']), address], {
      error: 'must be "emulator", "fleet", or an http:// or https:// address',
    })
    .default('emulator')
    .describe('where bots find Telegram: the built-in emulator, as each fleet says, or an address'),
  emulatorControl: address
    .optional()
    .describe('control interface of an emulator that runs elsewhere'),
  apiCa: path.optional().describe('PEM file with certificates to check the Bot API server against'),
  port: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error: PORT_WORDS })
    .refine((port) => Number.isInteger(port) && port >= 0 && port <= 65_535, { error: PORT_WORDS })
    .default(0)
    .describe('port of the local API on 127.0.0.1; 0 takes a free one'),
  logLevel: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info')
    .describe(LOG_LEVELS.join(', ')),
  logFormat: z
    .enum(LOG_FORMATS, { error: `must be one of ${LOG_FORMATS.join(', ')}` })
    .default('text')
    .describe('text for people, json for programs'),
});

export type Settings = z.output<typeof settingsSchema>;

/** What `standalone`, and the commands that ask it, are told. */
export const STANDALONE_SETTINGS = {
  schema: settingsSchema,
  paths: new Set(['manifests', 'data', 'apiCa']),
};

/** `logLevel` as a flag: `--log-level`. */
export function flagName(setting: string): string {
  return `--${setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `logLevel` as an environment variable: `TENANTBOT_LOG_LEVEL`. */
export function variableName(setting: string): string {
  return `TENANTBOT_${setting.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
