import type { Demand, Grant, HolderId, Share } from '../control/grants.ts';
import { decideLimits } from './decide.ts';
import { FleetPace } from './fleet-pace.ts';
import { HolderAccount, sameShares } from './holder-account.ts';
import { type GrantTable, isWithin, type TableEntry, within } from './table.ts';
import { LEASE_TIMINGS, type LeaseTimings } from './timings.ts';

/** What a {@link GrantBook} goes by. */
export interface GrantBookOptions {
  /** Names the leader among all that ever were. */
  readonly instance: string;
  readonly timings?: LeaseTimings;
  /** What a shard counts for among the others; 1 unless given. */
  readonly weightOf?: (shard: number) => number;
}

/** How a resource is used. */
export interface ResourceState {
  readonly resource: string;
  readonly cap: number;
  /** Calls a second that shards may make. */
  readonly granted: number;
  /** Calls of the last second. */
  readonly used: number;
  readonly wanted: number;
  /** The same of each shard that was heard lately. */
  readonly shares: readonly {
    readonly shard: number;
    readonly granted: number;
    readonly used: number;
  }[];
}

/** What a demand is topped up with, since calls do not come evenly. */
const HEADROOM = 1.02;
/** Limits that differ by less, where nobody wants more, stay as they are. */
const STEADY = 0.05;
/** The part of a capacity that is kept for shards that ask for nothing, all of them together. */
const FLOORS = 0.05;
/** How long some go without where there is less than one call for each. */
const TURN_MS = 5_000;
/** A table says more than is granted, so that small changes need no new one. */
const ROUND_UP = 1.5;

/**
 * Who of a fleet's shards may make how many calls a second: the leader's books, without any
 * input or output. See docs/coordination.md for why what it grants never adds up to too much.
 *
 * ```
 *  hear(told) ─► plan ─► limits within the table ─► issue ─► grant
 *                 │
 *                 └────► limits beyond it ─► wantedTable ─(written)─► commit ─► plan
 * ```
 */
export class GrantBook {
  readonly #instance: string;
  readonly #timings: LeaseTimings;
  readonly #weightOf: (shard: number) => number;
  readonly #pace = new FleetPace();
  /** Those that speak for their shards, by shard. */
  readonly #current = new Map<number, HolderAccount>();
  #leaving: HolderAccount[] = [];
  #caps: ReadonlyMap<string, number> = new Map();
  #table: GrantTable | undefined;
  /** What is being written: from now on both tables bound what is granted. */
  #pending: GrantTable | undefined;
  #wanted: GrantTable | undefined;
  #isOpen = false;
  /** The highest that another leader is known to have. */
  #seenTerm = 0;
  #seq = 0;

  constructor(options: GrantBookOptions) {
    this.#instance = options.instance;
    this.#timings = options.timings ?? LEASE_TIMINGS;
    this.#weightOf = options.weightOf ?? (() => 1);
  }

  /** The term that grants are made in; 0 before there is one. */
  get term(): number {
    return this.#table?.term ?? 0;
  }

  /** The part of the limits that is handed out. */
  get factor(): number {
    return this.#pace.factor;
  }

  /** The limits of the fleet, by resource. */
  setCaps(caps: ReadonlyMap<string, number>, nowMs: number): void {
    const grown = [...caps].some(([resource, cap]) => cap > (this.#caps.get(resource) ?? 0));
    this.#caps = caps;
    if (!grown) return;
    // There may have been as high a limit before, and a part of it is all that is known of them.
    for (const account of this.#current.values()) {
      if (account.id.session === '') this.#inheritPart(account, this.#current.size, nowMs);
    }
  }

  /** Counts all that `table` says as granted just now. */
  inherit(table: GrantTable, nowMs: number): void {
    this.#pace.resume(table.factor, nowMs);
    this.#seenTerm = Math.max(this.#seenTerm, table.term);
    for (const { shares, ...id } of table.holders) {
      const known = this.#find(id);
      const account = known ?? new HolderAccount(id, this.#timings);
      account.inherit(new Map(Object.entries(shares)), nowMs);
      if (known) continue;
      if (this.#current.has(id.shard)) {
        account.end(nowMs);
        this.#leaving.push(account);
      } else this.#current.set(id.shard, account);
    }
  }

  /** What `shards` may hold is not known: each counts as all there is, and as its part later. */
  suspect(shards: readonly number[], nowMs: number): void {
    for (const shard of shards) {
      if (this.#current.has(shard)) continue;
      const account = new HolderAccount({ shard, session: '', pod: '' }, this.#timings);
      this.#inheritPart(account, shards.length, nowMs);
      this.#current.set(shard, account);
    }
  }

  /**
   * Whether some holder goes by another leader's term that is not below this one, as after the
   * table was lost: it takes no grant of this one.
   */
  get isOutranked(): boolean {
    return this.#seenTerm >= this.term;
  }

  /** The table that opens a term above all that were seen. Nothing is granted before it is written. */
  opening(nowMs: number): GrantTable {
    return this.#tableOf(Math.max(this.#seenTerm, this.term) + 1, new Map(), nowMs);
  }

  /** What is to be written before the limits of the last plan can be granted; undefined if nothing. */
  takeWanted(): GrantTable | undefined {
    this.#pending = this.#wanted;
    return this.#wanted;
  }

  /** Whether there is something for {@link takeWanted}. */
  get hasWanted(): boolean {
    return this.#wanted !== undefined;
  }

  /** `table` is stored now. */
  commit(table: GrantTable): void {
    this.#table = table;
    this.#pending = undefined;
    this.#isOpen = true;
  }

  /** What is stored is not known, or by somebody else: nothing is granted until there is a new term. */
  close(): void {
    this.#pending = undefined;
    this.#isOpen = false;
  }

  /** Takes what a holder tells with a request. The holder before it of the same shard has ended. */
  hear(id: HolderId, told: Demand, nowMs: number): void {
    const account = this.#enter(id, nowMs);
    const { term = 0, instance, seq } = told.grant ?? {};
    const isOwn = instance === this.#instance;
    account.hear(told, isOwn && term === this.term ? seq : undefined, nowMs);
    if (!isOwn) this.#seenTerm = Math.max(this.#seenTerm, term);
    this.#pace.hear(id.shard, told.throttled, nowMs);
  }

  /** The pods of the holders for which `isGone` says so are no more. */
  drop(isGone: (id: HolderId) => boolean, nowMs: number): void {
    for (const [shard, account] of this.#current) {
      if (account.isHeard(nowMs) || !isGone(account.id)) continue;
      account.leave();
      this.#current.delete(shard);
      this.#leaving.push(account);
    }
  }

  /** Decides anew who gets what. */
  plan(nowMs: number): void {
    this.#pace.step(nowMs);
    this.#leaving = this.#leaving.filter((account) => !account.isOver(nowMs));
    const proposed = new Map<HolderAccount, Map<string, Share>>();
    for (const [resource, cap] of this.#caps)
      this.#planResource(resource, cap, { proposed, nowMs });
    let isBeyond = this.#table?.factor !== this.#pace.factor;
    for (const [account, shares] of proposed) {
      if (!isWithin(this.#table, account.id, shares)) isBeyond = true;
      account.next = within(this.#table, account.id, shares);
      if (this.#pending) account.next = within(this.#pending, account.id, account.next);
    }
    const isFree = this.#isOpen && !this.#pending;
    this.#wanted = isBeyond && isFree ? this.#tableOf(this.term, proposed, nowMs) : undefined;
  }

  /** Whether the holder is to hear at once that it has other limits. */
  hasNews(id: HolderId): boolean {
    const account = this.#find(id);
    if (!account || !this.#mayGrant) return false;
    const { issued, next, told } = account;
    if (!issued) return true;
    if (sameShares(issued, next)) return false;
    return [...next].some(([resource, { limit }]) => {
      const before = issued.get(resource)?.limit ?? 0;
      return limit < before || (limit > before && (told?.uses[resource]?.wanted ?? 0) > before);
    });
  }

  /**
   * The grant of the last plan, which counts from now on. Undefined where there is none to give, or
   * where the holder was not heard lately.
   */
  issue(id: HolderId, nowMs: number): Grant | undefined {
    const account = this.#find(id);
    // What was planned for one that was not heard since may be others' by now.
    if (!account?.isHeard(nowMs) || !this.#mayGrant) return undefined;
    account.issue(++this.#seq, account.next, nowMs);
    return {
      id: { term: this.term, instance: this.#instance, seq: this.#seq },
      lifeMs: this.#timings.lifeMs,
      shares: Object.fromEntries(account.next),
    };
  }

  /** The holders that speak for their shards. */
  holders(): readonly HolderId[] {
    return [...this.#current.values()].map(({ id }) => id);
  }

  /** How each resource is used. */
  state(nowMs: number): readonly ResourceState[] {
    const heard = [...this.#current.values()].filter((account) => account.isHeard(nowMs));
    return [...this.#caps].map(([resource, cap]) => {
      const shares = heard.map(({ id, issued, told }) => ({
        shard: id.shard,
        granted: issued?.get(resource)?.limit ?? 0,
        used: told?.uses[resource]?.load ?? 0,
      }));
      return {
        resource,
        cap,
        granted: sum(shares.map(({ granted }) => granted)),
        used: sum(shares.map(({ used }) => used)),
        wanted: sum(heard.map(({ told }) => told?.uses[resource]?.wanted ?? 0)),
        shares,
      };
    });
  }

  get #mayGrant(): boolean {
    return this.#isOpen && this.#caps.size > 0;
  }

  #planResource(
    resource: string,
    cap: number,
    { proposed, nowMs }: { proposed: Map<HolderAccount, Map<string, Share>>; nowMs: number },
  ): void {
    const capacity = Math.max(1, Math.floor(cap * this.#pace.factor));
    const accounts = inTurn([...this.#current.values(), ...this.#leaving], capacity, nowMs);
    const heard = accounts.filter((account) => this.#isServed(account, nowMs));
    const parties = accounts.map((account) => ({
      exposure: account.exposure(resource, nowMs),
      base: account.base(resource),
      claim: heard.includes(account)
        ? {
            demand: Math.ceil((account.told?.uses[resource]?.wanted ?? 0) * HEADROOM),
            weight: this.#weightOf(account.id.shard),
            floor: floorOf(capacity, heard.length),
          }
        : undefined,
    }));
    const limits = decideLimits(capacity, parties);
    const fits = sum(parties.map(({ exposure }) => exposure)) <= capacity;
    const isSteady =
      fits &&
      accounts.every((account, index) => {
        const limit = limits[index];
        return limit === undefined || isSteadyFor(account, resource, { limit, nowMs });
      });
    for (const [index, account] of accounts.entries()) {
      const decided = limits[index];
      if (decided === undefined) continue;
      const limit = isSteady ? (account.issued?.get(resource)?.limit ?? decided) : decided;
      // By nothing that the leader to come could not know: not by weight, nor by who is heard.
      const even = Math.floor(capacity / this.#current.size);
      const shares = proposed.get(account) ?? new Map<string, Share>();
      proposed.set(account, shares.set(resource, { limit, fallback: Math.min(limit, even) }));
    }
  }

  #isServed(account: HolderAccount, nowMs: number): boolean {
    return this.#current.get(account.id.shard) === account && account.isHeard(nowMs);
  }

  #tableOf(
    term: number,
    proposed: ReadonlyMap<HolderAccount, ReadonlyMap<string, Share>>,
    nowMs: number,
  ): GrantTable {
    const holders = [...this.#current.values(), ...this.#leaving].map((account): TableEntry => {
      // A limit that was taken away may come back, and some holder may not know of either.
      const resources = new Set([...this.#caps.keys(), ...account.resources()]);
      const shares = [...resources].map((resource) => {
        const has = account.ceiling(resource, nowMs);
        const next = proposed.get(account)?.get(resource);
        const cap = this.#caps.get(resource) ?? 0;
        const limit = Math.min(cap, Math.ceil((next?.limit ?? 0) * ROUND_UP));
        return [
          resource,
          {
            limit: Math.max(has.limit, limit),
            fallback: Math.max(has.fallback, Math.min(limit, next?.fallback ?? 0)),
          },
        ] as const;
      });
      const { shard, session, pod } = account.id;
      return { shard, session, pod, shares: Object.fromEntries(shares) };
    });
    return { term, factor: this.#pace.factor, holders };
  }

  #enter(id: HolderId, nowMs: number): HolderAccount {
    const present = this.#current.get(id.shard);
    if (present?.id.session === id.session) return present;
    const account = new HolderAccount(id, this.#timings);
    if (present) {
      if (present.id.session === '') account.inheritFrom(present);
      present.end(nowMs);
      this.#leaving.push(present);
    }
    this.#current.set(id.shard, account);
    return account;
  }

  #inheritPart(account: HolderAccount, shards: number, nowMs: number): void {
    const shares = new Map<string, Share>();
    for (const [resource, limit] of this.#caps) {
      shares.set(resource, { limit, fallback: Math.ceil(limit / shards) });
    }
    account.inherit(shares, nowMs);
  }

  #find({ shard, session }: Pick<HolderId, 'shard' | 'session'>): HolderAccount | undefined {
    const present = this.#current.get(shard);
    return present?.id.session === session ? present : undefined;
  }
}

/** Where there is not even one for everybody, all are first in turn. */
function inTurn<T>(all: readonly T[], capacity: number, nowMs: number): readonly T[] {
  if (all.length <= capacity) return all;
  const first = Math.floor(nowMs / TURN_MS) % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

/** At least one where there is enough for all: an idle shard whose leader dies can still speak. */
function floorOf(capacity: number, holders: number): number {
  if (capacity < holders) return 0;
  return Math.max(1, Math.floor((capacity * FLOORS) / holders));
}

/** Whether the holder can do with the limit that it still has, and another would differ little. */
function isSteadyFor(
  account: HolderAccount,
  resource: string,
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): boolean {
  const has = account.issued?.get(resource)?.limit;
  // What has run out is others' by now.
  if (has === undefined || has > account.exposure(resource, nowMs)) return false;
  const wanted = account.told?.uses[resource]?.wanted ?? 0;
  if (wanted > has && limit > has) return false;
  return Math.abs(limit - has) <= Math.max(1, has * STEADY);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
