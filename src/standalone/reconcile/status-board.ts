import { statusChange, tenantBotStatus } from '../../api/bot-status.ts';
import type { FleetRates } from '../../api/fleet-rates.ts';
import { botFleetStatus, wantsPlace } from '../../api/fleet-status.ts';
import type { HistoryAvailability } from '../../api/history-availability.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { TenantBot } from '../../api/tenant-bot.ts';
import { type Clock, toTimestamp } from '../../lib/clock.ts';
import type { Identity } from '../data/state.ts';
import type { ObjectStore } from '../object-store.ts';
import { isReady } from '../settled.ts';
import { botFacts } from './bot-facts.ts';
import type { BotMemory } from './bot-memory.ts';
import type { Verdict } from './decide.ts';
import type { Gathered, GatheredBot } from './gather.ts';

/** What is known of a bot when its status is written. */
export interface Situation {
  readonly verdict: Verdict;
  readonly seated: boolean;
  readonly runtime: RuntimeFacts | undefined;
  readonly memory: BotMemory;
}

/** What is known of the shards of a fleet. */
export interface ShardFacts {
  /** Whether each is at work. */
  readonly ready: readonly boolean[];
  readonly rates: FleetRates | undefined;
}

/** What is known of fleets when their status is written. */
export interface FleetSituation {
  readonly shardsOf: (fleet: string) => ShardFacts;
  /** Whether what happens to their bots is kept. */
  readonly history: HistoryAvailability;
}

/** How much a reader of the state would care. */
export type Change = ReturnType<typeof statusChange>;

/** Writes the status of bots and fleets into the store, and only what has changed. */
export class StatusBoard {
  readonly #objects: ObjectStore;
  readonly #clock: Clock;

  constructor(objects: ObjectStore, clock: Clock) {
    this.#objects = objects;
    this.#clock = clock;
  }

  /** Shows a bot as it is now. */
  showBot(bot: GatheredBot, { verdict, seated, runtime, memory }: Situation): Change {
    const { identity, manifest } = bot;
    const placement = seated ? memory.placement : undefined;
    const facts = botFacts(bot, { verdict, placement, runtime });
    const before = memory.status;
    memory.status = tenantBotStatus(facts, before, this.#now());
    const metadata = metadataOf(manifest.metadata, identity);
    this.#objects.put({ ...manifest, metadata, status: memory.status });
    return statusChange(before, memory.status);
  }

  /** Shows the fleets, going by the bots that are shown. */
  showFleets({ fleets }: Gathered, { shardsOf, history }: FleetSituation): void {
    const botsOf = new Map<string, TenantBot[]>();
    for (const object of this.#objects.all()) {
      if (object.kind !== 'TenantBot') continue;
      const { fleet } = object.spec;
      const bots = botsOf.get(fleet);
      if (bots) bots.push(object);
      else botsOf.set(fleet, [object]);
    }
    const now = this.#now();
    for (const [name, { identity, manifest, keptBecause }] of fleets) {
      const before = this.#objects.find(identity.uid);
      const bots = botsOf.get(name) ?? [];
      const { ready, rates } = shardsOf(name);
      const facts = {
        generation: identity.generation,
        shards: ready.length,
        readyShards: ready.filter(Boolean).length,
        outdatedShards: 0,
        drainingShards: 0,
        maxShards: ready.length,
        botsPerShard: manifest.spec.sharding.botsPerShard,
        bots: bots.length,
        wantingBots: bots.filter(wantsPlace).length,
        readyBots: bots.filter(isReady).length,
        perShard: ready.map((ready, shard) => ({
          shard,
          ready,
          bots: bots.filter(({ status }) => status?.placement?.shard === shard).length,
        })),
        ...(rates && { rates }),
        history,
        ...(keptBecause !== undefined && {
          problem: { reason: 'ManifestInvalid' as const, message: keptBecause },
        }),
      };
      const status = botFleetStatus(
        facts,
        before?.kind === 'BotFleet' ? before.status : undefined,
        now,
      );
      const metadata = metadataOf(manifest.metadata, identity);
      this.#objects.put({ ...manifest, metadata, status });
    }
  }

  /** Takes away what is not there any more; returns the uids. */
  removeGone({ bots, fleets }: Gathered): string[] {
    const there = new Set(bots.map(({ identity }) => identity.uid));
    for (const { identity } of fleets.values()) there.add(identity.uid);
    const gone: string[] = [];
    for (const { metadata } of this.#objects.all()) {
      if (!there.has(metadata.uid)) gone.push(metadata.uid);
    }
    for (const uid of gone) this.#objects.delete(uid);
    return gone;
  }

  #now(): string {
    return toTimestamp(this.#clock.wallMs());
  }
}

function metadataOf<Meta extends object>(written: Meta, identity: Identity) {
  const { uid, generation, creationTimestamp } = identity;
  return { ...written, uid, generation, creationTimestamp };
}
