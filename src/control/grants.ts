import { z } from 'zod';
import type { FleetRateLimits } from '../api/rate-limits.ts';

/** A runtime that may hold grants: one start of a program, in one pod of one shard. */
export interface HolderId {
  readonly shard: number;
  readonly session: string;
  /** uid of the pod. */
  readonly pod: string;
}

/** Who grants the shards of a fleet their part of its limits. */
export interface Granter {
  /** Takes what a holder tells with a request. */
  hear(id: HolderId, told: Demand): void;
  /** Whether the holder is to be answered at once. */
  hasNews(id: HolderId): boolean;
  /** What goes along with the answer to a holder; undefined where there is nothing to grant. */
  grant(id: HolderId): Grant | undefined;
}

/** What is limited: `total`, or `method:<name>`. */
const resource = z.string().regex(/^(total|method:[a-z][A-Za-z]{2,63})$/);
const count = z.int().min(0).max(1_000_000_000);
/** Far above what can be reached, and far enough below what numbers hold. */
const MAX_TERM = 2 ** 48;

/** The resource that every call takes of. */
export const TOTAL = 'total';

/** What a resource is called besides the name of its method. */
export const METHOD_PREFIX = 'method:';

/** The resource that the calls of `method` take of, besides {@link TOTAL}. */
export function resourceOfMethod(method: string): string {
  return `${METHOD_PREFIX}${method}`;
}

/** `limits` by resource. */
export function capsOf({ perSecond, methods = {} }: FleetRateLimits): ReadonlyMap<string, number> {
  const caps = new Map<string, number>();
  if (perSecond !== undefined) caps.set(TOTAL, perSecond);
  for (const [method, limit] of Object.entries(methods)) caps.set(resourceOfMethod(method), limit);
  return caps;
}

/** Schema of {@link Share}. */
export const shareSchema = z.object({
  /** Calls in any one second while the grant lives. */
  limit: count,
  /** Calls in any one second from then on, until there is another grant; `limit` at most. */
  fallback: count,
});
/** What one shard may take of one resource. */
export type Share = Readonly<z.output<typeof shareSchema>>;

const grantIdSchema = z.object({
  /** Grows from leader to leader; the highest counts. */
  term: z.int().min(1).max(MAX_TERM),
  /** Of the leader, random: after its records were lost, one may not know that a term was used. */
  instance: z.string().min(1).max(128),
  /** Among the grants of one leader, the highest counts. */
  seq: z.int().min(1),
});
/** Names a grant. */
export type GrantId = Readonly<z.output<typeof grantIdSchema>>;

/** What a leader grants to a shard, in its answer. */
export const grantSchema = z.object({
  id: grantIdSchema,
  /** Counts from when the shard sent the request that this is answered to. */
  lifeMs: z.int().min(1),
  shares: z.record(resource, shareSchema),
});
export type Grant = Readonly<z.output<typeof grantSchema>>;

const useSchema = z.object({
  /** Calls that the shard would like to make in a second. */
  wanted: count,
  /** Calls that still count: under way, or made within the last window. */
  load: count,
  /** What it goes by at present. */
  limit: count,
});
/** What a shard makes of its share of one resource. */
export type Use = Readonly<z.output<typeof useSchema>>;

/** What a shard tells of its calls, with each request. */
export const demandSchema = z.object({
  /** The grant that it goes by; none before the first one. */
  grant: grantIdSchema.exactOptional(),
  uses: z.record(resource, useSchema),
  /** How many of its bots were lately told by Telegram to slow down altogether. */
  throttled: count,
});
export type Demand = Readonly<z.output<typeof demandSchema>>;
