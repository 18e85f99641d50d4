import type { Rollout } from '../../api/rollout.ts';
import type { StatefulSet } from '../../kube/well-known.ts';
import { fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import { TEMPLATE_HASH } from './objects/stateful-set.ts';

/** A canary that is not well so long after its rollout began is reported. */
const STARTING_MS = 60_000;

/** How the shard that was renewed first does. */
export type CanaryHealth =
  | { readonly kind: 'well' }
  /** `message` says how, in words that stay the same while it does. */
  | { readonly kind: 'unwell'; readonly message: string };

/** What {@link planRollout} goes by. */
export interface RolloutSituation {
  /** How many shards there are to be. */
  readonly shards: number;
  readonly canarySeconds: number;
  /** Hash of the pod template that is wanted. */
  readonly templateHash: string | undefined;
  readonly live: StatefulSet | undefined;
  /** As it was last written. */
  readonly known: Rollout | undefined;
  /** How the shard does that is renewed first, as seen since the rollout began. */
  readonly judge: (canary: number, sinceMs: number) => CanaryHealth;
  readonly nowMs: number;
}

/** How the renewal of a fleet's pods goes on. */
export interface RolloutPlan {
  /** Ordinals below it keep the pods that they have. */
  readonly partition: number;
  readonly rollout?: Rollout;
  /** Why the others wait, once that has lasted. */
  readonly trouble?: string;
  /** When to look again, though nothing has changed. */
  readonly againMs?: number;
}

/**
 * How a fleet's pods are renewed when their template changes: a pure function.
 *
 * ```
 *             another template                well for canarySeconds
 *   at rest ───────────────────► Canary ────────────────────────────► Rolling ──► at rest
 *                                 ▲   │                                  │   all renewed
 *                                 └───┴── another template ──────────────┘
 * ```
 *
 * At rest only the highest ordinal is free to be renewed, so that a template that changes meets one
 * shard alone, whoever applies it and whatever dies next. A canary that is not well holds the
 * others back for as long as it is not; there is no state to be reset by hand.
 */
export function planRollout(situation: RolloutSituation): RolloutPlan {
  const { shards, canarySeconds, templateHash, live, known } = situation;
  const canary = shards - 1;
  if (canarySeconds === 0 || canary < 1) return { partition: 0 };
  const isApplied = live?.metadata.annotations?.[TEMPLATE_HASH] === templateHash;
  const revision = live && isApplied ? revisionThatComes(live, known) : undefined;
  if (revision === undefined) return { partition: canary };
  if (known?.revision === revision) return goOn(situation, known);
  const since = toTimestamp(situation.nowMs);
  return goOn(situation, { revision, phase: 'Canary', canary, since });
}

/** Until the StatefulSet controller has seen the newest settings, what was known holds. */
function revisionThatComes(
  { metadata, status = {} }: StatefulSet,
  known: Rollout | undefined,
): string | undefined {
  const { observedGeneration = 0, currentRevision, updateRevision } = status;
  if (observedGeneration < (metadata.generation ?? 0)) return known?.revision;
  return updateRevision === currentRevision ? undefined : updateRevision;
}

function goOn({ canarySeconds, judge, nowMs }: RolloutSituation, rollout: Rollout): RolloutPlan {
  if (rollout.phase === 'Rolling') return { partition: 0, rollout };
  const { canary } = rollout;
  const sinceMs = fromTimestamp(rollout.since);
  const health = judge(canary, sinceMs);
  const { healthySince, ...begun } = rollout;
  if (health.kind === 'unwell') {
    const reportMs = sinceMs + STARTING_MS - nowMs;
    const wait =
      reportMs > 0 ? { againMs: reportMs } : { trouble: troubleOf(canary, health.message) };
    return { partition: canary, rollout: begun, ...wait };
  }
  const since = healthySince ?? toTimestamp(nowMs);
  const waitMs = fromTimestamp(since) + canarySeconds * 1_000 - nowMs;
  if (waitMs <= 0) return { partition: 0, rollout: { ...begun, phase: 'Rolling' } };
  return { partition: canary, rollout: { ...begun, healthySince: since }, againMs: waitMs };
}

function troubleOf(canary: number, message: string): string {
  return `Shard ${canary} was renewed first and does worse than before: ${message} The other shards stay as they are until it does well. Mend spec.runtime of the BotFleet, or put back what it was.`;
}
