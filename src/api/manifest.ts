import type { z } from 'zod';
import { botFleetSchema } from './bot-fleet.ts';
import { type Checked, check, didYouMean, type Problem } from './explain.ts';
import { API_VERSION } from './group.ts';
import { withoutNulls } from './nulls.ts';
import { parseSecret, type SecretObject } from './secret-manifest.ts';
import { tenantBotSchema } from './tenant-bot.ts';

/** A TenantBot as it stands in a manifest, with defaults filled in. */
export type TenantBotManifest = z.output<typeof tenantBotSchema>;
/** A BotFleet as it stands in a manifest, with defaults filled in. */
export type BotFleetManifest = z.output<typeof botFleetSchema>;

/** Any object that a manifest may hold. */
export type Manifest =
  | { readonly kind: 'TenantBot'; readonly object: TenantBotManifest }
  | { readonly kind: 'BotFleet'; readonly object: BotFleetManifest }
  | { readonly kind: 'Secret'; readonly object: SecretObject };

/** Reads a TenantBot with the API server's verdict: defaults, nulls and limits are alike. */
export function parseTenantBot(input: unknown): Checked<TenantBotManifest> {
  return check(tenantBotSchema, withoutNulls(input, tenantBotSchema));
}

/** Reads a BotFleet with the API server's verdict: defaults, nulls and limits are alike. */
export function parseBotFleet(input: unknown): Checked<BotFleetManifest> {
  return check(botFleetSchema, withoutNulls(input, botFleetSchema));
}

/** Reads an object of any known kind, or says which kinds are known. */
export function parseManifest(input: unknown): Checked<Manifest> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return refuse([], 'must be an object with apiVersion, kind and metadata');
  }
  const { apiVersion, kind } = input as { apiVersion?: unknown; kind?: unknown };
  if (typeof kind !== 'string')
    return refuse(['kind'], `is missing; known are ${KINDS.join(', ')}`);
  if (!isKind(kind)) {
    return refuse(['kind'], `${quote(kind)} is unknown${didYouMean(kind, KINDS)}`);
  }
  const wanted = API_VERSIONS[kind];
  if (apiVersion !== wanted) {
    const is = typeof apiVersion === 'string' ? `is ${quote(apiVersion)}` : 'is missing';
    return refuse(['apiVersion'], `${is}; a ${kind} is of ${wanted}`);
  }
  return parseKind(kind, input);
}

const API_VERSIONS = { TenantBot: API_VERSION, BotFleet: API_VERSION, Secret: 'v1' } as const;
type Kind = keyof typeof API_VERSIONS;
const KINDS = Object.keys(API_VERSIONS) as Kind[];

function isKind(kind: string): kind is Kind {
  return Object.hasOwn(API_VERSIONS, kind);
}

function parseKind(kind: Kind, input: object): Checked<Manifest> {
  switch (kind) {
    case 'TenantBot':
      return tagged(kind, parseTenantBot(input));
    case 'BotFleet':
      return tagged(kind, parseBotFleet(input));
    case 'Secret':
      return tagged(kind, parseSecret(input));
    default:
      return kind satisfies never;
  }
}

function tagged<K extends Kind, T>(
  kind: K,
  checked: Checked<T>,
): Checked<{ readonly kind: K; readonly object: T }> {
  return checked.ok ? { ok: true, value: { kind, object: checked.value } } : checked;
}

function refuse(path: Problem['path'], message: string): Checked<never> {
  return { ok: false, problems: [{ path, message }] };
}

function quote(word: string): string {
  return JSON.stringify(word.slice(0, 80));
}
