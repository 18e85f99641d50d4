import { z } from 'zod';
import { WEBHOOK_RULES } from './webhook-rules.ts';

const port = wholeNumber(0, 65_535);

/** A number, or its digits as a command line gives them. */
function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  const digits = z.string().regex(/^\d+$/, { error }).transform(Number);
  return z
    .union([z.number(), digits], { error })
    .pipe(z.int({ error }).min(min, { error }).max(max, { error }));
}

/**
 * What `tenantbot emulator` can be told, by the names of its flags. Durations in milliseconds;
 * port 0 takes a free one.
 */
export const emulatorFlags = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('where the Bot API listens; 127.0.0.1 unless given'),
    port: port.default(8081).describe('port of the Bot API; 8081 unless given, 0 takes a free one'),
    controlHost: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('where the control interface listens; 127.0.0.1 unless given'),
    controlPort: port.default(8082).describe('port of the control interface; 8082 unless given'),
    tls: z.boolean().default(false).describe('serve HTTPS, with a certificate made for this run'),
    tlsCert: z.string().optional().describe('PEM file of a certificate to serve HTTPS with'),
    tlsKey: z.string().optional().describe('PEM file of the key of that certificate'),
    caFile: z.string().optional().describe('write the CA to trust to this file, PEM'),
    http2: z.boolean().default(false).describe('offer HTTP/2 beside HTTP/1.1; needs HTTPS'),
    maxStreams: wholeNumber(1, 1_000_000).default(128).describe('streams of an HTTP/2 connection'),
    unknownTokens: z
      .enum(['reject', 'create'])
      .default('reject')
      .describe('reject, or create: make a bot for any well-formed token at its first call'),
    webhookRules: z
      .enum(WEBHOOK_RULES)
      .default('loopback')
      .describe(
        'endpoints that bots may set: cloud, loopback (also http and any port on this machine), any',
      ),
    webhookCaFile: z.string().optional().describe('PEM file of a CA to trust at webhook endpoints'),
    coldStart: z
      .boolean()
      .default(false)
      .describe('limit first calls of bots to 20 a minute and 600 an hour for one address'),
    overload: z
      .boolean()
      .default(false)
      .describe('refuse calls of a bot that has more than 1,000 under way'),
    floodControl: z
      .boolean()
      .default(false)
      .describe(
        'limit messages: 1 a second to a user, 20 a minute to a group, 30 a second in bulk',
      ),
    nameChanges: z.boolean().default(false).describe('limit setMyName to 5 calls a day'),
    seed: wholeNumber(0, 2 ** 32 - 1)
      .default(1)
      .describe('decides which calls meet a fault with a share; 1 unless given'),
    ledgerCapacity: wholeNumber(100, 10_000_000)
      .default(100_000)
      .describe('calls and updates that the ledger keeps, each'),
  })
  .refine(({ tlsCert, tlsKey }) => (tlsCert === undefined) === (tlsKey === undefined), {
    path: ['tlsCert'],
    message: '--tls-cert and --tls-key belong together: give both or neither',
  })
  .refine(({ tls, tlsCert, http2 }) => !http2 || tls || tlsCert !== undefined, {
    path: ['http2'],
    message: '--http2 needs HTTPS: add --tls, or --tls-cert and --tls-key',
  })
  .refine(({ tls, tlsCert, caFile }) => caFile === undefined || (tls && tlsCert === undefined), {
    path: ['caFile'],
    message: '--ca-file needs a CA made for this run: add --tls, without --tls-cert',
  });

/** The flags, each with its value. */
export type EmulatorFlags = z.output<typeof emulatorFlags>;
