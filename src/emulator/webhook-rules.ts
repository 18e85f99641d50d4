import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { badRequest } from './api-error.ts';
import { isLoopback } from './loopback.ts';

/**
 * Which endpoints a bot may name: `cloud` is Telegram's rule (https, four ports, no private
 * addresses); `loopback` is the same but lets endpoints on this machine use http and any port, and
 * takes private addresses; `any` takes all, as the real server does with `--local`.
 */
export const WEBHOOK_RULES = ['cloud', 'loopback', 'any'] as const;
export type WebhookRules = (typeof WEBHOOK_RULES)[number];

/** An endpoint that passed, with the address that updates go to. */
export interface CheckedEndpoint {
  readonly url: URL;
  readonly address: string;
}

const CLOUD_PORTS = new Set(['443', '80', '88', '8443']);

/** Checks what setWebhook was given; throws with the real server's words. */
export async function checkEndpoint(
  text: string,
  ipAddress: string,
  rules: WebhookRules,
): Promise<CheckedEndpoint> {
  const url = parseWebhookUrl(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = ipAddress === '' ? await resolve(host) : ipAddress;
  if (isIP(address) === 0) throw badWebhook('Invalid IP address specified');
  const exempt = rules === 'any' || (rules === 'loopback' && isLoopback(address));
  if (!exempt) checkScheme(url);
  if (rules === 'cloud') checkAddress(address);
  return { url, address };
}

function parseWebhookUrl(text: string): URL {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.parse(withScheme);
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw badRequest('invalid webhook URL specified');
  }
  return url;
}

async function resolve(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host, { order: 'ipv4first' })).address;
  } catch {
    throw badWebhook('Failed to resolve host: Name or service not known');
  }
}

function checkScheme(url: URL): void {
  if (url.protocol !== 'https:') throw badWebhook('An HTTPS URL must be provided for webhook');
  if (!CLOUD_PORTS.has(url.port || '443')) {
    throw badWebhook('Webhook can be set up only on ports 80, 88, 443 or 8443');
  }
}

function checkAddress(address: string): void {
  if (isIP(address) !== 4) throw badWebhook('IPv6-only addresses are not allowed');
  if (reservedAddresses().check(address)) throw badWebhook(`IP address ${address} is reserved`);
}

function badWebhook(text: string): Error {
  return badRequest(`bad webhook: ${text}`);
}

/** RFC 6890's ranges that no public endpoint can be in. */
function reservedAddresses(): BlockList {
  const list = new BlockList();
  const subnets = [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ] as const;
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix);
  return list;
}
