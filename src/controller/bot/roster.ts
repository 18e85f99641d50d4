import { isDeepStrictEqual } from 'node:util';
import type { Checked } from '../../api/explain.ts';
import type { BotKey } from '../../api/group.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { TenantBotSpec } from '../../api/tenant-bot.ts';
import type { Placement, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import { type ShardId, shardName } from '../../control/shard-id.ts';
import type { Claimant } from '../../planner/claim.ts';
import type { PlannedBot, Target } from '../../planner/fleet-state.ts';
import type { ShardUse } from '../../planner/place.ts';
import type { Hosting } from './ownership.ts';
import { type Slot, Slots } from './slots.ts';

/** What was last told of a bot, and by whom. */
export interface Told {
  readonly epoch: number;
  readonly facts: RuntimeFacts;
  /** `recall`: it is what the leader before had written. */
  readonly by: 'runtime' | 'recall';
}

/** Where the next owner of a bot is to go on. */
export interface Handover {
  /** The bot at Telegram. */
  readonly botId: number;
  /** All its updates below were finished. */
  readonly offset: number;
  /** When that was told, by the monotonic clock. */
  readonly atMs: number;
}

/** What the leader knows of one TenantBot beyond what is stored. */
export interface BotRecord {
  readonly uid: string;
  readonly key: BotKey;
  readonly createdAt: string;
  hosting: Hosting;
  told: Told | undefined;
  /** As its last owner has told. */
  handover: Handover | undefined;
  /** The newest placement under which it was given out, or found. */
  given: Placement | undefined;
  /** What its last runtime told before it let go, until the next one tells something. */
  left: RuntimeFacts | undefined;
  /** The status as the leader wants it stored: others' changes to it are undone. */
  status: TenantBotStatus | undefined;
  /** When a change that can wait may next be written. Monotonic clock. */
  activityDueMs: number;
  /** The spec as it was last read: reading it takes long. */
  spec: { readonly generation: number; readonly read: Checked<TenantBotSpec> } | undefined;
  /** The version that the leader's own last write made. */
  version: string | undefined;
}

/** Which bot at Telegram is to run for a TenantBot, and in which fleet. */
export interface Wanted {
  readonly fleet: string;
  readonly botId: number;
}

interface Entry extends BotRecord {
  /** What the leader has decided: the truth, while the API server may not say so yet. */
  placement: Placement | undefined;
  /** What the API server says for sure. */
  written: Placement | undefined;
  wants: Wanted | undefined;
  /** Where it is to move to. */
  target: Target | undefined;
  weight: number;
  waitsFor: string | undefined;
  restsIn: string | undefined;
}

/**
 * All bots that have a place or want one, in memory on the leader. A place counts as taken from
 * the moment it is decided, or that a bot is on its way there, and the one before until the new one
 * is written: so that whatever of it is lost, no shard ever has more bots than it may. The place of
 * a bot that rests is remembered, and not taken.
 */
export class Roster {
  readonly #entries = new Map<string, Entry>();
  readonly #byKey = new Map<BotKey, Set<Entry>>();
  readonly #byBotId = new Map<number, Set<Entry>>();
  readonly #waiting = new Map<string, Set<Entry>>();
  readonly #resting = new Map<string, Set<Entry>>();
  readonly #slots = new Slots();
  readonly #onChange = new Set<(fleet: string, isOther: boolean) => void>();

  /**
   * Hears of each fleet in which places were taken or given up, or that a bot has begun or ceased
   * to want to be in: then `isOther` is set.
   */
  onChange(listener: (fleet: string, isOther: boolean) => void): void {
    this.#onChange.add(listener);
  }

  /** The record of the bot; made where there is none. */
  record(bot: Pick<BotRecord, 'uid' | 'key' | 'createdAt'>): BotRecord {
    const known = this.#entries.get(bot.uid);
    if (known) return known;
    const entry: Entry = {
      ...bot,
      hosting: { kind: 'none' },
      told: undefined,
      handover: undefined,
      given: undefined,
      left: undefined,
      status: undefined,
      activityDueMs: 0,
      version: undefined,
      spec: undefined,
      placement: undefined,
      written: undefined,
      wants: undefined,
      target: undefined,
      weight: 1,
      waitsFor: undefined,
      restsIn: undefined,
    };
    this.#entries.set(bot.uid, entry);
    file(this.#byKey, bot.key, entry);
    return entry;
  }

  find(uid: string): BotRecord | undefined {
    return this.#entries.get(uid);
  }

  /** Those that have or had the name: several where one was deleted and made again. */
  named(key: BotKey): readonly BotRecord[] {
    return [...(this.#byKey.get(key) ?? [])];
  }

  all(): Iterable<BotRecord> {
    return this.#entries.values();
  }

  placement(uid: string): Placement | undefined {
    return this.#entries.get(uid)?.placement;
  }

  /** Decides where the bot has its place. */
  place(uid: string, placement: Placement | undefined): void {
    this.#change(uid, (entry) => {
      entry.placement = placement;
    });
  }

  /**
   * The API server has this placement: an earlier one than is decided by now, where its writing took
   * long. Its place counts as taken until the next one is written.
   */
  placementWritten(uid: string, placement: Placement | undefined): void {
    this.#change(uid, (entry) => {
      entry.written = placement;
    });
  }

  /** What is to run for this TenantBot, if anything; returns what it was before. */
  want(uid: string, wanted: Wanted | undefined): Wanted | undefined {
    const before = this.#entries.get(uid)?.wants;
    this.#change(uid, (entry) => {
      entry.wants = wanted;
    });
    return before;
  }

  /** Whether some bot at Telegram is to run for this TenantBot. */
  isWanted(uid: string): boolean {
    return this.#entries.get(uid)?.wants !== undefined;
  }

  /** How much the bot counts beside others. */
  weigh(uid: string, weight: number): void {
    this.#change(uid, (entry) => {
      entry.weight = weight;
    });
  }

  /** How much it does. */
  weight(uid: string): number {
    return this.#entries.get(uid)?.weight ?? 1;
  }

  /** Has the bot move: its place there counts as taken from now on. */
  retarget(uid: string, target: Target | undefined): void {
    this.#change(uid, (entry) => {
      entry.target = target;
    });
  }

  /** Where the bot is to move to, if anywhere. */
  target(uid: string): Target | undefined {
    return this.#entries.get(uid)?.target;
  }

  /** The bots as the planner sees them: those that have a place or want one. */
  planned(): PlannedBot[] {
    const planned: PlannedBot[] = [];
    for (const { uid, createdAt, weight, wants, placement, target } of this.#entries.values()) {
      const place = placement?.botId === undefined ? undefined : shardOf(placement);
      if (wants || place) {
        planned.push({ uid, createdAt, weight, fleet: wants?.fleet, place, target });
      }
    }
    return planned;
  }

  /** Remembers that the fleet takes no more bots for now, or that this is over. */
  waitForRoom(uid: string, fleet: string | undefined): void {
    this.#change(uid, (entry) => {
      entry.waitsFor = fleet;
    });
  }

  /** Remembers which fleet the bot names and needs no place in, or that this is over. */
  rest(uid: string, fleet: string | undefined): void {
    this.#change(uid, (entry) => {
      entry.restsIn = fleet;
    });
  }

  /** How many bots name the fleet and need no place in it. */
  resting(fleet: string): number {
    return this.#resting.get(fleet)?.size ?? 0;
  }

  /** The bots that wait for room in the fleet. */
  waitingFor(fleet: string): BotKey[] {
    return Array.from(this.#waiting.get(fleet) ?? [], ({ key }) => key);
  }

  /** How the shards of the fleet are used, by others than `uid` where given. */
  use(fleet: string, uid?: string): ReadonlyMap<number, ShardUse> {
    const use = this.#slots.use(fleet);
    const entry = uid === undefined ? undefined : this.#entries.get(uid);
    for (const { shard, stays } of entry ? slotsOf(entry) : []) {
      const whole = use.get(shard.ordinal);
      if (shard.fleet !== fleet || !whole) continue;
      use.set(shard.ordinal, {
        taken: whole.taken - 1,
        staying: whole.staying - (stays === undefined ? 0 : 1),
        load: whole.load - (stays ?? 0),
      });
    }
    return use;
  }

  /** How many places of each shard of the fleet are taken. */
  taken(fleet: string): ReadonlyMap<number, number> {
    return new Map(Array.from(this.#slots.use(fleet), ([ordinal, { taken }]) => [ordinal, taken]));
  }

  /** The weights together of the bots that are on the shard, or on their way there, to stay. */
  load(shard: ShardId): number {
    return this.#slots.load(shard);
  }

  /** All shards on which bots have places. */
  shards(): ShardId[] {
    return this.#slots.shards();
  }

  /** The uids of the bots that have a place on the shard. */
  on(shard: ShardId): Iterable<string> {
    return this.#slots.on(shard);
  }

  /** Who else is after the bot. */
  rivals(botId: number, uid: string): Claimant[] {
    const entries = this.#byBotId.get(botId) ?? [];
    return [...entries].filter((entry) => entry.uid !== uid).map((entry) => claim(entry, botId));
  }

  /** What the TenantBot has to say for itself about the bot. */
  claimant(uid: string, botId: number): Claimant | undefined {
    const entry = this.#entries.get(uid);
    return entry && claim(entry, botId);
  }

  /** Forgets the TenantBot and frees what it had. */
  drop(uid: string): void {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    const before = this.#unfile(entry);
    unfile(this.#byKey, entry.key, entry);
    this.#entries.delete(uid);
    this.#tell(before, { slots: [], fleet: undefined });
  }

  #change(uid: string, change: (entry: Entry) => void): void {
    const entry = this.#entries.get(uid);
    if (!entry) return;
    const before = this.#unfile(entry);
    change(entry);
    this.#tell(before, this.#file(entry));
  }

  #file(entry: Entry): Share {
    const slots = slotsOf(entry);
    for (const slot of slots) this.#slots.add(entry.uid, slot);
    for (const botId of botIdsOf(entry)) file(this.#byBotId, botId, entry);
    if (entry.waitsFor !== undefined) file(this.#waiting, entry.waitsFor, entry);
    if (entry.restsIn !== undefined) file(this.#resting, entry.restsIn, entry);
    return { slots, fleet: entry.wants?.fleet };
  }

  #unfile(entry: Entry): Share {
    const slots = slotsOf(entry);
    for (const slot of slots) this.#slots.remove(entry.uid, slot);
    for (const botId of botIdsOf(entry)) unfile(this.#byBotId, botId, entry);
    if (entry.waitsFor !== undefined) unfile(this.#waiting, entry.waitsFor, entry);
    if (entry.restsIn !== undefined) unfile(this.#resting, entry.restsIn, entry);
    return { slots, fleet: entry.wants?.fleet };
  }

  #tell(before: Share, after: Share): void {
    if (isDeepStrictEqual(before, after)) return;
    for (const fleet of new Set([...fleetsOf(before), ...fleetsOf(after)])) {
      for (const listener of this.#onChange) listener(fleet, before.fleet !== after.fleet);
    }
  }
}

/** What a bot has in fleets, and where it wants to be. */
interface Share {
  readonly slots: readonly Slot[];
  readonly fleet: string | undefined;
}

function fleetsOf({ slots, fleet }: Share): string[] {
  const fleets = slots.map(({ shard }) => shard.fleet);
  return fleet === undefined ? fleets : [...fleets, fleet];
}

/** The shard of a placement. */
export function shardOf({ fleet, shard }: Placement): ShardId {
  return { fleet, ordinal: shard };
}

/** The placement that is kept for a bot which no runtime hosts; it outbids `late`. */
export function atRest(placement: Placement | undefined, late?: Placement): Placement | undefined {
  const from = placement ?? late;
  if (!from) return undefined;
  const { botId: _, offset: _offset, ...kept } = from;
  return late ? { ...kept, epoch: late.epoch + 1 } : kept;
}

/** One for each shard on which the bot is, is about to be, or may still be. */
function slotsOf({ placement, written, target, wants, weight }: Entry): Slot[] {
  const goal = typeof target === 'object' ? target : undefined;
  const place = placement?.botId === undefined ? undefined : shardOf(placement);
  const old = written?.botId === undefined ? undefined : shardOf(written);
  const home = target === undefined ? place : goal;
  const shards = new Map(
    [old, place, goal].flatMap((shard) => (shard ? [[shardName(shard), shard]] : [])),
  );
  return Array.from(shards.values(), (shard) => ({
    shard,
    stays: shard === home && shard.fleet === wants?.fleet ? weight : undefined,
  }));
}

function botIdsOf({ placement, written, wants }: Entry): number[] {
  return [placement?.botId, written?.botId, wants?.botId].filter((id) => id !== undefined);
}

function claim(entry: Entry, botId: number): Claimant {
  const { key, createdAt, placement, wants } = entry;
  return { key, createdAt, holds: placement?.botId === botId, wants: wants?.botId === botId };
}

function file<Key, Value>(index: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = index.get(key);
  if (values) values.add(value);
  else index.set(key, new Set([value]));
}

function unfile<Key, Value>(index: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const values = index.get(key);
  values?.delete(value);
  if (values?.size === 0) index.delete(key);
}
