import { type Checked, check, formatProblem } from '../../api/explain.ts';
import { type BotKey, GROUP, VERSION } from '../../api/group.ts';
import { withoutNulls } from '../../api/nulls.ts';
import { type TenantBotSpec, tenantBotSpecSchema } from '../../api/tenant-bot.ts';
import { type TenantBotStatus, tenantBotStatusSchema } from '../../api/tenant-bot-status.ts';
import { type KubeObject, objectKey, type Resource } from '../../kube/resource.ts';

/** A TenantBot as the API server stores it: what its schema lets through need not be well. */
export interface StoredBot extends KubeObject {
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** Where TenantBots are served. */
export const TENANT_BOTS: Resource<StoredBot> = {
  group: GROUP,
  version: VERSION,
  kind: 'TenantBot',
  plural: 'tenantbots',
  namespaced: true,
};

/** On a bot from before its first hand-out until no runtime hosts it. */
export const DRAIN_FINALIZER = 'tenantbot.dev/drain';

/** The name of the bot for people and logs; also its key in caches and queues. */
export function botKeyOf({ metadata }: StoredBot): BotKey {
  return objectKey(metadata) as BotKey;
}

/** The spec with defaults filled in, or all that is wrong with it. */
export function readSpec({ spec }: Pick<StoredBot, 'spec'>): Checked<TenantBotSpec> {
  return check(tenantBotSpecSchema, withoutNulls(spec ?? {}, tenantBotSpecSchema));
}

/** What is wrong with a spec, as one line that says what to do. */
export function specProblem(
  problems: Extract<Checked<unknown>, { ok: false }>['problems'],
): string {
  const lines = problems.map(({ path, message }) =>
    formatProblem({ path: ['spec', ...path], message }),
  );
  return `${lines.slice(0, 3).join('; ')}. Correct the spec and apply it again.`;
}

/** The fleet that a bot names, also where its spec can't be read. */
export function fleetNameOf({ spec }: StoredBot): string {
  const fleet: unknown = (spec as { readonly fleet?: unknown } | undefined)?.fleet;
  return typeof fleet === 'string' ? fleet : 'default';
}

/** The status, without those of its fields that can't be understood. */
export function readStatus({ status }: Pick<StoredBot, 'status'>): TenantBotStatus | undefined {
  const whole = tenantBotStatusSchema.safeParse(status);
  if (whole.success) return whole.data;
  if (typeof status !== 'object' || status === null) return undefined;
  const fields = Object.entries(status).filter(
    ([name, value]) => tenantBotStatusSchema.safeParse({ [name]: value }).success,
  );
  return Object.fromEntries(fields);
}

/** How much a bot counts beside others, also where its spec can't be read. */
export function weightOf({ spec }: StoredBot): number {
  const { limits } = (spec ?? {}) as { readonly limits?: { readonly weight?: unknown } | null };
  return typeof limits?.weight === 'number' ? limits.weight : 1;
}
