import { recallRuntime } from '../../api/bot-recall.ts';
import { sameButForTraffic } from '../../api/bot-status.ts';
import type { BotKey } from '../../api/group.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Placement, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import type { BotAssignment, BotReport, EndedBot } from '../../control/port.ts';
import { type ShardId, shardName } from '../../control/shard-id.ts';
import type { Released } from '../../control/shard-ledger.ts';
import { fromTimestamp, sleep } from '../../lib/clock.ts';
import { afterEvent, type HostingEvent, isHosted, type ShardState } from './ownership.ts';
import { atRest, type BotRecord, type Roster, shardOf } from './roster.ts';
import type { ShardDirectory } from './shard-directory.ts';
import { type SeenShard, ShardWatch, type ShardWatchOptions } from './shard-watch.ts';
import { Takeover } from './takeover.ts';

/** A bot that nobody is to run next need not be waited for longer, or than its drain takes. */
const RELEASE_MS = 30_000;
const BEYOND_DRAIN_MS = 10_000;
/** What the leader before has written holds for this long. */
const RECALL_MS = 30_000;
const LOOK_EVERY_MS = 2_000;
/** Ids of updates may start anew when none has come for a week: no offset is kept that long. */
const OFFSET_HOLDS_MS = 24 * 3_600_000;

export interface HandOutsOptions extends ShardWatchOptions {
  readonly shards: ShardDirectory;
  readonly roster: Roster;
  /** Has a bot looked at again: at once, or after a while where nobody waits for it. */
  readonly wake: (key: BotKey, afterMs?: number) => void;
  /** Hears of what no runtime should say. */
  readonly warn: (message: string) => void;
}

/**
 * What happens between the leader and the runtimes: bots are handed out, withdrawn, and gone; and
 * what runtimes tell of them is kept. How a bot's hosting goes is said in `ownership.ts`.
 */
export class HandOuts {
  readonly #options: HandOutsOptions;
  readonly #takeover: Takeover;
  readonly #startedMs: number;
  readonly #watch: ShardWatch;
  /** uids of the bots that were withdrawn and may still be hosted. */
  readonly #leaving = new Set<string>();
  #recallIsToldOff = false;

  constructor(options: HandOutsOptions) {
    this.#options = options;
    this.#watch = new ShardWatch(options);
    this.#takeover = new Takeover(options.shards);
    this.#startedMs = options.clock.monotonicMs();
    const { shards } = options;
    shards.onReport((shard, report) => this.#onReport(shard, report));
    shards.onEnded((shard, bot) => this.#onEnded(shard, bot));
    shards.onReleased((shard, bot) => this.#onReleased(shard, bot));
  }

  /** Takes over a bot that the leader before had placed. */
  adopt(record: BotRecord, placement: Placement, status: TenantBotStatus): void {
    record.given = placement;
    if (placement.botId === undefined) return;
    this.#apply(record, { kind: 'adopted' });
    const facts = recallRuntime(status);
    if (facts) record.told = { epoch: placement.epoch, facts, by: 'recall' };
    this.#takeover.expect(record.uid, placement);
    this.#watch.adopt(shardOf(placement));
  }

  /** All placed bots have been adopted: from now on shards may be told that they know all. */
  adopted(): void {
    this.#options.shards.onHosting((shard) => this.#takeover.tell(shard));
  }

  /** Hands the bot to its shard. Its placement must have been written. */
  handOut(record: BotRecord, placement: Placement, assignment: BotAssignment): void {
    this.#apply(record, { kind: 'handedOut' });
    record.given = placement;
    const shard = shardOf(placement);
    this.#options.shards.place(shard, assignment);
    this.#takeover.settle(record.uid);
    this.#takeover.tell(shard);
  }

  /** Has the bot's shard let go of it. Does nothing where that has begun. */
  withdraw(record: BotRecord, drainSeconds: number): void {
    const { shards, roster, clock } = this.#options;
    const placement = roster.placement(record.uid);
    if (record.hosting.kind === 'lost' && placement) this.abandon(record, placement);
    if (!isHosted(record.hosting) || record.hosting.kind === 'leaving' || !placement) return;
    const waitMs = Math.max(RELEASE_MS, drainSeconds * 1_000 + BEYOND_DRAIN_MS);
    this.#apply(record, { kind: 'withdrawn', untilMs: clock.monotonicMs() + waitMs });
    shards.withdraw(shardOf(placement), record.uid);
    this.#takeover.settle(record.uid);
    this.settleLeaving(record);
  }

  /** Undoes a withdrawal before its end can be heard. */
  wantAgain(record: BotRecord): void {
    this.#apply(record, { kind: 'wantedAgain' });
  }

  /** A lost bot is left to itself: should its shard come back, it is to let go of it. */
  abandon(record: BotRecord, placement: Placement): void {
    if (record.hosting.kind !== 'lost') return;
    this.#options.shards.withdraw(shardOf(placement), record.uid);
    this.#apply(record, { kind: 'abandoned' });
    leave(record);
  }

  /** Counts a withdrawn bot as gone where there is nobody to wait for. */
  settleLeaving(record: BotRecord): void {
    const placement = this.#options.roster.placement(record.uid);
    if (record.hosting.kind !== 'leaving' || !placement) return;
    this.#seeShard(record, this.#watch.stateOf(shardOf(placement)));
  }

  /** The shards of the fleet that are lost: nothing is to be placed there. */
  lost(fleet: string): ReadonlySet<number> {
    return this.#watch.lost(fleet);
  }

  /** Where the bot's next owner is to go on, as far as that is known and still holds. */
  offsetOf({ uid, handover }: BotRecord, botId: number | undefined): number | undefined {
    const { clock, roster } = this.#options;
    if (botId === undefined) return undefined;
    if (handover?.botId === botId && clock.monotonicMs() - handover.atMs < OFFSET_HOLDS_MS) {
      return handover.offset;
    }
    const placement = roster.placement(uid);
    if (placement?.botId !== botId) return undefined;
    const ageMs = clock.wallMs() - fromTimestamp(placement.since);
    return ageMs < OFFSET_HOLDS_MS ? placement.offset : undefined;
  }

  /** It is known now what became of the bot, where it is. */
  settle(record: BotRecord): void {
    if (record.hosting.kind !== 'possible') this.#takeover.settle(record.uid);
  }

  /** What is known from the runtime that hosts the bot, as long as that can be taken to be true. */
  runtimeOf({ uid, told }: BotRecord): RuntimeFacts | undefined {
    const placement = this.#options.roster.placement(uid);
    if (!told || !placement || told.epoch !== placement.epoch) return undefined;
    if (told.by === 'recall') return this.#isRecallOver() ? undefined : told.facts;
    return this.#watch.isSilent(shardOf(placement)) ? undefined : told.facts;
  }

  /** Has bots looked at again when their shard falls silent or is heard again, until aborted. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, roster, wake } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      this.look();
      if (this.#recallIsToldOff || !this.#isRecallOver()) continue;
      this.#recallIsToldOff = true;
      for (const { key, told } of roster.all()) if (told?.by === 'recall') wake(key);
    }
  }

  /** Looks at all shards at once, and draws the consequences. */
  look(): void {
    for (const seen of this.#watch.look()) this.#sawShard(seen);
    for (const uid of this.#leaving) {
      const record = this.#options.roster.find(uid);
      if (record) this.settleLeaving(record);
      else this.#leaving.delete(uid);
    }
  }

  #sawShard({ shard, state, stateChanged, silenceChanged }: SeenShard): void {
    const { roster, wake, warn } = this.#options;
    if (stateChanged && state === 'lost') {
      warn(`shard ${shardName(shard)} is lost: its bots go to other shards`);
    }
    // What was handed out to a lost shard meanwhile is lost as well.
    if (!stateChanged && !silenceChanged && state !== 'lost') return;
    for (const uid of roster.on(shard)) {
      const record = roster.find(uid);
      const placement = roster.placement(uid);
      if (!record) continue;
      if (silenceChanged) wake(record.key);
      if (placement && isAt(placement, shard)) this.#seeShard(record, state);
    }
  }

  #seeShard(record: BotRecord, shard: ShardState): void {
    const { roster, clock } = this.#options;
    const isNext = roster.isWanted(record.uid);
    this.#apply(record, { kind: 'shardSeen', shard, isNext, nowMs: clock.monotonicMs() });
  }

  #isRecallOver(): boolean {
    return this.#options.clock.monotonicMs() - this.#startedMs >= RECALL_MS;
  }

  #onReport(shard: ShardId, { uid, epoch, facts }: BotReport): void {
    const { roster, clock, wake } = this.#options;
    const record = roster.find(uid);
    const placement = roster.placement(uid);
    if (!record || !placement || record.hosting.kind === 'none') return;
    if (placement.epoch !== epoch || !isAt(placement, shard)) return;
    const before = record.told;
    record.told = { epoch, facts, by: 'runtime' };
    record.left = undefined;
    const canWait = before?.epoch === epoch && sameButForTraffic(before.facts, facts);
    if (canWait) wake(record.key, Math.max(1, record.activityDueMs - clock.monotonicMs()));
    else wake(record.key);
  }

  #onEnded(shard: ShardId, { uid, epoch, offset }: EndedBot): void {
    const { roster, clock, wake, warn } = this.#options;
    const record = roster.find(uid);
    // It may have been given up by now: where it ended holds all the same.
    const given = record?.given;
    if (!record || !given || !isAt(given, shard)) return;
    if (epoch > given.epoch) {
      warn(
        `shard ${shardName(shard)} says that it ran ${record.key} in epoch ${epoch}, and epoch ${given.epoch} is the newest that was ever given out: nothing is made of it`,
      );
    }
    const { botId } = given;
    if (epoch !== given.epoch || botId === undefined || offset === undefined) return;
    if (record.handover?.offset === offset && record.handover.botId === botId) return;
    record.handover = { botId, offset, atMs: clock.monotonicMs() };
    wake(record.key);
  }

  #onReleased(shard: ShardId, { uid, epoch }: Released): void {
    const { roster } = this.#options;
    const record = roster.find(uid);
    const placement = roster.placement(uid);
    if (!record || !placement || !isAt(placement, shard)) return;
    if (epoch !== undefined && epoch !== placement.epoch) return;
    this.#apply(record, { kind: 'released' });
  }

  #apply(record: BotRecord, event: HostingEvent): void {
    const before = record.hosting;
    record.hosting = afterEvent(before, event);
    if (record.hosting === before) return;
    const { kind } = record.hosting;
    if (kind === 'leaving') this.#leaving.add(record.uid);
    else this.#leaving.delete(record.uid);
    if (before.kind === 'leaving' && kind === 'none') this.#free(record);
    if (kind === 'lost' || before.kind === 'lost') this.#options.wake(record.key);
  }

  /** Nothing runs the bot any more: whoever waits for that may go on. */
  #free(record: BotRecord): void {
    const { roster, wake } = this.#options;
    const placement = roster.placement(record.uid);
    leave(record);
    roster.place(record.uid, atRest(placement));
    wake(record.key);
    if (placement?.botId === undefined) return;
    for (const { key } of roster.rivals(placement.botId, record.uid)) wake(key);
  }
}

/** What was told last is what the next runtime goes on from: newer than any status. */
function leave(record: BotRecord): void {
  record.left = record.told?.facts ?? record.left;
  record.told = undefined;
}

function isAt({ fleet, shard }: Placement, { fleet: of, ordinal }: ShardId): boolean {
  return fleet === of && shard === ordinal;
}
