import { z } from 'zod';
import { type LabelSelector, labelSelectorSchema, selects } from './label-selector.ts';
import { text } from './rules.ts';
import type { TenantBotSpec } from './tenant-bot.ts';

/** `spec.tenancy` of a BotFleet. */
export const tenancySchema = z
  .strictObject({
    namespaceSelector: labelSelectorSchema(
      'Namespaces whose bots may name this fleet, by their labels. All unless given. In standalone a namespace has the label kubernetes.io/metadata.name alone.',
    ).optional(),
    maxBotsPerNamespace: z.int().min(1).max(1_000_000).optional().meta({
      description: 'How many bots of one namespace the fleet takes; the older ones come first.',
    }),
    allowedForwardHosts: z
      .array(
        text({ maxLength: 253 }).regex(
          /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
          { error: 'must be a host in lower case, or *. and a domain' },
        ),
      )
      .max(1000)
      .optional()
      .meta({
        description:
          'Hosts that forward handlers may call: a host, or *.example.com for all hosts below example.com. All unless given; none if empty.',
      }),
  })
  .meta({ description: 'What tenants may do with this fleet.' });

export type Tenancy = z.output<typeof tenancySchema>;

/** Reasons why a fleet refuses a bot. */
export const REFUSAL_REASONS = [
  'NamespaceNotAllowed',
  'ForwardHostNotAllowed',
  'TooManyBots',
] as const;

/** Why a fleet does not take a bot, in words that say what to do. */
export interface Refusal {
  readonly reason: (typeof REFUSAL_REASONS)[number];
  readonly message: string;
}

/** Of a bot, what the rules of a fleet are about. */
export interface Applicant {
  readonly namespace: string;
  /** Labels of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
  /** Bots of the same namespace that name the same fleet and are older, suspended ones too. */
  readonly botsOlderInNamespace: number;
  /** As {@link forwardHosts} gives them. */
  readonly forwardHosts: readonly string[];
}

/** Why a fleet with these rules refuses the bot, or undefined: a pure function. */
export function refusal(tenancy: Tenancy, applicant: Applicant): Refusal | undefined {
  return (
    namespaceRefusal(tenancy.namespaceSelector, applicant) ??
    hostRefusal(tenancy.allowedForwardHosts, applicant) ??
    countRefusal(tenancy.maxBotsPerNamespace, applicant)
  );
}

/** The host names that a bot's forward handlers call. */
export function forwardHosts({ handlers }: Pick<TenantBotSpec, 'handlers'>): string[] {
  const hosts = handlers.flatMap(({ forward }) =>
    forward ? [URL.parse(forward.url)?.hostname ?? forward.url] : [],
  );
  return [...new Set(hosts)];
}

function namespaceRefusal(
  selector: LabelSelector | undefined,
  { namespace, labels }: Applicant,
): Refusal | undefined {
  if (selector === undefined || selects(selector, labels)) return undefined;
  return {
    reason: 'NamespaceNotAllowed',
    message: `The fleet takes no bots from namespace "${namespace}". Name another fleet in spec.fleet, or have the namespace labelled as spec.tenancy.namespaceSelector of the BotFleet wants it.`,
  };
}

function hostRefusal(
  allowed: readonly string[] | undefined,
  { forwardHosts }: Applicant,
): Refusal | undefined {
  const host = forwardHosts.find((name) => !allowed?.some((pattern) => covers(pattern, name)));
  if (allowed === undefined || host === undefined) return undefined;
  return {
    reason: 'ForwardHostNotAllowed',
    message: `A forward handler calls host "${host}", which the fleet does not allow. Forward to another host, or have it listed in spec.tenancy.allowedForwardHosts of the BotFleet.`,
  };
}

function countRefusal(
  most: number | undefined,
  { namespace, botsOlderInNamespace }: Applicant,
): Refusal | undefined {
  if (most === undefined || botsOlderInNamespace < most) return undefined;
  return {
    reason: 'TooManyBots',
    message: `The fleet takes ${most} ${most === 1 ? 'bot' : 'bots'} from each namespace, and "${namespace}" has older ones. Delete one of them, name another fleet in spec.fleet, or have spec.tenancy.maxBotsPerNamespace of the BotFleet raised.`,
  };
}

function covers(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
