import { z } from 'zod';
import { parseLimits } from '../admin/limits/limit-classes.ts';
import { parseNetwork } from '../admin/limits/networks.ts';
import { errorMessage } from '../lib/errors.ts';
import { list, port, text } from './setting-types.ts';

/** Networks, as CIDR. */
const networks = list
  .superRefine((texts, context) => texts.forEach((text) => parsed(parseNetwork, text, context)))
  .default([]);

/** What the admin API of an operator is told. */
export const ADMIN_SETTINGS = {
  adminPort: port.optional().describe('port of the admin API and its page; none unless given'),
  adminService: text
    .default('tenantbot-admin')
    .describe('name of the Service that leads to the admin API of all replicas'),
  adminNames: list
    .default([])
    .describe('further names it is reached by; one that begins with a dot stands for all below it'),
  adminCertificate: text
    .optional()
    .describe("file with its certificate (PEM); of the operator's own authority unless given"),
  adminKey: text.optional().describe('file with the key (PEM) of that certificate'),
  adminTrustedProxies: networks.describe('networks of proxies whose X-Forwarded-For is believed'),
  adminUnlimited: networks.describe('networks from which it takes any number of requests'),
  adminLimits: z
    .string()
    .transform((text, context) => parsed(parseLimits, text, context) ?? z.NEVER)
    .optional()
    .describe('requests of one address at most, such as reads=200/1m,creation=5/1h'),
};

/** What `parse` makes of `text`; what it throws is an issue of the setting. */
function parsed<Value>(
  parse: (text: string) => Value,
  text: string,
  context: z.RefinementCtx,
): Value | undefined {
  try {
    return parse(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: errorMessage(error) });
    return undefined;
  }
}
