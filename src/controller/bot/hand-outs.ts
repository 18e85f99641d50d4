import { recallRuntime } from '../../api/bot-recall.ts';
import { sameButForTraffic } from '../../api/bot-status.ts';
import type { BotKey } from '../../api/group.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Placement, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import type { BotAssignment, BotReport } from '../../control/port.ts';
import { type ShardId, shardName } from '../../control/shard-id.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { atRest, type BotRecord, type Roster, shardOf } from './roster.ts';
import type { ShardDirectory } from './shard-directory.ts';
import { Takeover } from './takeover.ts';

/** A withdrawn bot counts as gone after this long, or after its drain where that takes longer. */
const RELEASE_MS = 30_000;
const BEYOND_DRAIN_MS = 10_000;
/** What a shard has told holds for this long after it fell silent, or after the leader came. */
const SILENCE_MS = 30_000;
const LOOK_EVERY_MS = 5_000;

export interface HandOutsOptions {
  readonly shards: ShardDirectory;
  readonly roster: Roster;
  readonly clock: Clock;
  /** Whether the pod of the shard is known not to exist. */
  readonly isPodGone: (shard: ShardId) => boolean;
  /** Has a bot looked at again: at once, or after a while where nobody waits for it. */
  readonly wake: (key: BotKey, afterMs?: number) => void;
}

/**
 * What happens between the leader and the runtimes: bots are handed out, withdrawn, and gone; and
 * what runtimes tell of them is kept. A bot's hosting goes this way:
 *
 * ```
 *   none ──handOut──► handed ──withdraw──► leaving ──released, pod gone or time up──► none
 *                        ▲                    │ ▲
 *   (adopted) possible ──┴─────handOut────────┘ └──withdraw── possible
 * ```
 */
export class HandOuts {
  readonly #options: HandOutsOptions;
  readonly #takeover: Takeover;
  readonly #startedMs: number;
  readonly #silent = new Set<string>();
  #recallIsOver = false;

  constructor(options: HandOutsOptions) {
    this.#options = options;
    this.#takeover = new Takeover(options.shards);
    this.#startedMs = options.clock.monotonicMs();
    const { shards } = options;
    shards.onReport((shard, report) => this.#onReport(shard, report));
    shards.onReleased((shard, uid, epoch) => this.#onReleased(shard, uid, epoch));
  }

  /** Takes over a bot that the leader before had placed. */
  adopt(record: BotRecord, placement: Placement, status: TenantBotStatus): void {
    if (placement.botId === undefined) return;
    record.hosting = { kind: 'possible' };
    const facts = recallRuntime(status);
    if (facts) record.told = { epoch: placement.epoch, facts, by: 'recall' };
    this.#takeover.expect(record.uid, placement);
  }

  /** All placed bots have been adopted: from now on shards may be told that they know all. */
  adopted(): void {
    this.#options.shards.onHosting((shard) => this.#takeover.tell(shard));
  }

  /** Hands the bot to its shard. Its placement must have been written. */
  handOut(record: BotRecord, placement: Placement, assignment: BotAssignment): void {
    record.hosting = { kind: 'handed' };
    const shard = shardOf(placement);
    this.#options.shards.place(shard, assignment);
    this.#takeover.settle(record.uid);
    this.#takeover.tell(shard);
  }

  /** Has the bot's shard let go of it. Does nothing where that has begun. */
  withdraw(record: BotRecord, drainSeconds: number): void {
    const { shards, roster, clock } = this.#options;
    const placement = roster.placement(record.uid);
    if (record.hosting.kind === 'leaving' || !placement) return;
    const waitMs = Math.max(RELEASE_MS, drainSeconds * 1_000 + BEYOND_DRAIN_MS);
    record.hosting = { kind: 'leaving', untilMs: clock.monotonicMs() + waitMs };
    shards.withdraw(shardOf(placement), record.uid);
    this.#takeover.settle(record.uid);
    this.settleLeaving(record);
  }

  /** Counts a withdrawn bot as gone where its pod is, or its time is up. */
  settleLeaving(record: BotRecord): void {
    const { roster, clock, isPodGone } = this.#options;
    const placement = roster.placement(record.uid);
    if (record.hosting.kind !== 'leaving' || !placement) return;
    const isOver = clock.monotonicMs() >= record.hosting.untilMs;
    if (isOver || isPodGone(shardOf(placement))) this.#release(record, placement);
  }

  /** It is known now what became of the bot, where it is. */
  settle(record: BotRecord): void {
    if (record.hosting.kind !== 'possible') this.#takeover.settle(record.uid);
  }

  /** What is known from the runtime that hosts the bot, as long as that can be taken to be true. */
  runtimeOf({ uid, told }: BotRecord): RuntimeFacts | undefined {
    const placement = this.#options.roster.placement(uid);
    if (!told || !placement || told.epoch !== placement.epoch) return undefined;
    if (told.by === 'recall') return this.#isPast(this.#startedMs) ? undefined : told.facts;
    return this.#isSilent(shardOf(placement)) ? undefined : told.facts;
  }

  /** Has bots looked at again when their shard falls silent or is heard again, until aborted. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, roster, wake } = this.#options;
    while (!signal.aborted) {
      await sleep(clock, LOOK_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      for (const shard of roster.shards()) this.#look(shard);
      if (!this.#isPast(this.#startedMs) || this.#recallIsOver) continue;
      this.#recallIsOver = true;
      for (const { key, told } of roster.all()) if (told?.by === 'recall') wake(key);
    }
  }

  #look(shard: ShardId): void {
    const { roster, wake } = this.#options;
    const name = shardName(shard);
    const isSilent = this.#isSilent(shard);
    if (isSilent === this.#silent.has(name)) return;
    if (isSilent) this.#silent.add(name);
    else this.#silent.delete(name);
    for (const uid of roster.on(shard)) {
      const record = roster.find(uid);
      if (record) wake(record.key);
    }
  }

  #isSilent(shard: ShardId): boolean {
    return this.#isPast(Math.max(this.#options.shards.lastSeen(shard) ?? 0, this.#startedMs));
  }

  /** Whether the time of silence has passed since then. */
  #isPast(thenMs: number): boolean {
    return this.#options.clock.monotonicMs() - thenMs >= SILENCE_MS;
  }

  #onReport(shard: ShardId, { uid, epoch, facts }: BotReport): void {
    const { roster, clock, wake } = this.#options;
    const record = roster.find(uid);
    const placement = roster.placement(uid);
    if (!record || !placement || record.hosting.kind === 'none') return;
    if (placement.epoch !== epoch || !isAt(placement, shard)) return;
    const before = record.told;
    record.told = { epoch, facts, by: 'runtime' };
    const canWait = before?.epoch === epoch && sameButForTraffic(before.facts, facts);
    if (canWait) wake(record.key, Math.max(1, record.activityDueMs - clock.monotonicMs()));
    else wake(record.key);
  }

  #onReleased(shard: ShardId, uid: string, epoch: number | undefined): void {
    const { roster } = this.#options;
    const record = roster.find(uid);
    const placement = roster.placement(uid);
    if (record?.hosting.kind !== 'leaving' || !placement || !isAt(placement, shard)) return;
    if (epoch === undefined || epoch === placement.epoch) this.#release(record, placement);
  }

  #release(record: BotRecord, placement: Placement): void {
    const { roster, wake } = this.#options;
    record.hosting = { kind: 'none' };
    record.told = undefined;
    roster.place(record.uid, atRest(placement));
    wake(record.key);
    if (placement.botId === undefined) return;
    for (const { key } of roster.rivals(placement.botId, record.uid)) wake(key);
  }
}

function isAt({ fleet, shard }: Placement, { fleet: of, ordinal }: ShardId): boolean {
  return fleet === of && shard === ordinal;
}
