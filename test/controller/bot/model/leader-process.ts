import type { Placement } from '../../../../src/api/tenant-bot-status.ts';
import { ShardHub } from '../../../../src/control/hub.ts';
import type { ShardId } from '../../../../src/control/shard-id.ts';
import { type Decision, decide, type Wish } from '../../../../src/controller/bot/decide.ts';
import { HandOuts } from '../../../../src/controller/bot/hand-outs.ts';
import { latePlacement } from '../../../../src/controller/bot/late-placement.ts';
import type { PodState } from '../../../../src/controller/bot/ownership.ts';
import { atRest, type BotRecord, Roster } from '../../../../src/controller/bot/roster.ts';
import { toTimestamp } from '../../../../src/lib/clock.ts';
import { bot } from '../../../control/support.ts';
import { fleetSpec } from '../../../support/assignments.ts';
import type { SkewedClock } from './skewed-clock.ts';
import { BOT_ID, REASSIGN_MS, type StoredModelBot } from './stored.ts';

/** How a write went; `lost`: nobody can tell. */
export type WriteFate = 'written' | 'failed' | 'lost';

/** What a leader finds itself in. */
export interface LeaderWorld {
  readonly time: { readonly nowMs: number };
  readonly fleets: readonly string[];
  readonly stored: ReadonlyMap<string, StoredModelBot>;
  chance(probability: number): boolean;
  podState(shard: ShardId): PodState;
  write(leader: LeaderProcess, stored: StoredModelBot, placement: Placement | undefined): WriteFate;
}

const FLEET = fleetSpec('http://telegram');

/**
 * One time of leading: the real hub, hand-outs, roster and decisions, with a thin model of
 * `BotReconciler` that reads and writes bots in the world.
 */
export class LeaderProcess {
  readonly hub: ShardHub;
  readonly clock: SkewedClock;
  alive = true;
  /** Stopped by a signal: it does nothing, and does not know. */
  paused = false;
  /** Whether it reaches the API server. */
  apiUp = true;
  renewedMs: number;
  readonly #world: LeaderWorld;
  readonly #roster = new Roster();
  readonly #handOuts: HandOuts;
  readonly #queue = new Set<string>();

  constructor(world: LeaderWorld, clock: SkewedClock, instance: string) {
    this.#world = world;
    this.clock = clock;
    this.renewedMs = world.time.nowMs;
    this.hub = new ShardHub({ clock, instance });
    for (const fleet of world.fleets) this.hub.setFleet(fleet, { fleet: FLEET, shards: 2 });
    this.#handOuts = new HandOuts({
      shards: this.hub,
      roster: this.#roster,
      clock,
      podState: (shard) => world.podState(shard),
      reassignMs: () => REASSIGN_MS,
      wake: (key) => this.#queue.add(key.slice(key.indexOf('/') + 1)),
      warn: () => undefined,
    });
    for (const stored of world.stored.values()) this.#adopt(stored);
    this.#handOuts.adopted();
  }

  /** Somebody has changed the bot. */
  noticed(uid: string): void {
    this.#queue.add(uid);
  }

  /** The planner has the bot move. */
  retarget({ uid, fleet }: StoredModelBot, ordinal: number): void {
    const isUsable = !this.#handOuts.lost(fleet).has(ordinal);
    if (this.#roster.find(uid) && isUsable) this.#roster.retarget(uid, { fleet, ordinal });
    this.#queue.add(uid);
  }

  tick(): void {
    this.#handOuts.look();
    for (const uid of Array.from(this.#queue)) {
      if (!this.alive || !this.#world.chance(0.8)) continue;
      this.#queue.delete(uid);
      this.#reconcile(uid);
    }
  }

  #adopt(stored: StoredModelBot): void {
    const record = this.#record(stored);
    this.#queue.add(stored.uid);
    const { placement } = stored;
    if (!placement) return;
    this.#roster.place(record.uid, placement);
    this.#roster.placementWritten(record.uid, placement);
    const { fleet, botId } = placement;
    this.#roster.want(record.uid, botId === undefined ? undefined : { fleet, botId });
    this.#handOuts.adopt(record, placement, {});
  }

  #record({ uid }: StoredModelBot): BotRecord {
    return this.#roster.record({ uid, key: `ns/${uid}`, createdAt: '' });
  }

  #reconcile(uid: string): void {
    const stored = this.#world.stored.get(uid);
    if (!stored) return;
    const record = this.#record(stored);
    this.#handOuts.settleLeaving(record);
    let decision = this.#decide(stored, record);
    if (decision.kind === 'release') {
      this.#handOuts.withdraw(record, 1);
      if (record.hosting.kind === 'none') decision = this.#decide(stored, record);
    }
    // As `Rebalancer` does, as soon as there is room.
    if (decision.kind === 'full') this.#queue.add(uid);
    const decided = decision.kind === 'finish' ? undefined : this.#roster.placement(uid);
    const placement = latePlacement(stored.placement, decided) ?? decided;
    if (!this.#write(stored, placement)) return;
    this.#roster.placementWritten(uid, placement);
    if (decision.kind === 'run') this.#handOut(record, decision.placement);
    this.#handOuts.settle(record);
  }

  #decide(stored: StoredModelBot, record: BotRecord): Decision {
    const { uid, wanted, fleet } = stored;
    const late = latePlacement(stored.placement, this.#roster.placement(uid));
    const wish: Wish = wanted ? { kind: 'run', fleet, botId: BOT_ID } : { kind: 'rest' };
    const botId = wanted ? BOT_ID : undefined;
    this.#roster.want(uid, wish.kind === 'run' ? wish : undefined);
    const decision = decide({
      wish,
      claim: { kind: 'free' },
      placement: this.#roster.placement(uid),
      late,
      hosting: record.hosting.kind,
      room: {
        sharding: { botsPerShard: 10, minShards: 2, maxShards: 2 },
        bots: 2,
        shards: 2,
        use: this.#roster.use(fleet, uid),
        lost: this.#handOuts.lost(fleet),
      },
      target: this.#roster.target(uid),
      offset: this.#handOuts.offsetOf(record, botId),
      now: toTimestamp(this.clock.wallMs()),
    });
    this.#remember(record, decision, late);
    return decision;
  }

  #remember(record: BotRecord, decision: Decision, late: Placement | undefined): void {
    const { uid } = record;
    const placement = this.#roster.placement(uid);
    if (placement && decision.kind !== 'keep') this.#handOuts.abandon(record, placement);
    const isFree = record.hosting.kind === 'none';
    if (decision.kind === 'run') {
      this.#roster.place(uid, decision.placement);
      this.#handOuts.wantAgain(record);
    } else if (isFree) this.#roster.place(uid, atRest(placement, late));
    if (isFree) this.#roster.retarget(uid, undefined);
  }

  /** Whether it was written, or was so before; if not, it is tried again. */
  #write(stored: StoredModelBot, placement: Placement | undefined): boolean {
    if (JSON.stringify(stored.placement) === JSON.stringify(placement)) return true;
    const fate = this.#world.write(this, stored, placement);
    if (fate === 'failed') this.#queue.add(stored.uid);
    return fate === 'written' && this.alive;
  }

  #handOut(record: BotRecord, placement: Placement): void {
    const offset = this.#handOuts.offsetOf(record, placement.botId);
    const counters = { updates: 0, handled: 0, skipped: 0, replies: 0, errors: 0 };
    const assignment = bot(record.uid, {
      epoch: placement.epoch,
      ...(offset !== undefined && { resume: { counters, offset } }),
    });
    this.#handOuts.handOut(record, placement, assignment);
  }
}
