import type { Demand, HolderId, Share } from '../control/grants.ts';
import { countedMs, type LeaseTimings, restMs } from './timings.ts';

/** What the holder may go by, as far as it has not said that it goes by something newer. */
interface Outstanding {
  readonly shares: ReadonlyMap<string, Share>;
  /** The last grant that said so; 0 for one of an earlier leader. */
  lastSeq: number;
  /** Until then the limits count, from then on the fallbacks. */
  untilMs: number;
}

/**
 * What one holder may be using, by all that the leader knows: never less than it does use. Its
 * exposure falls when the holder says that it goes by less, and has no more calls under way or just
 * made than that; or when the grants that it may hold have certainly run out.
 */
export class HolderAccount {
  readonly id: HolderId;
  readonly #timings: LeaseTimings;
  #outstanding: Outstanding[] = [];
  #told: Demand | undefined;
  #toldMs = Number.NEGATIVE_INFINITY;
  #endsMs = Number.POSITIVE_INFINITY;
  #isGone = false;
  #issued: ReadonlyMap<string, Share> | undefined;
  /** What the next grant says. */
  next: ReadonlyMap<string, Share> = new Map();

  constructor(id: HolderId, timings: LeaseTimings) {
    this.id = id;
    this.#timings = timings;
  }

  /** What it told last. */
  get told(): Demand | undefined {
    return this.#told;
  }

  /** What was granted to it last by this leader. */
  get issued(): ReadonlyMap<string, Share> | undefined {
    return this.#issued;
  }

  /** Whether it was heard lately. */
  isHeard(nowMs: number): boolean {
    return nowMs - this.#toldMs < this.#timings.silentMs;
  }

  /** Somebody, earlier, may have granted as much up to now. */
  inherit(shares: ReadonlyMap<string, Share>, nowMs: number): void {
    this.#outstanding.push({ shares, lastSeq: 0, untilMs: nowMs + countedMs(this.#timings) });
  }

  /** Takes over all that `other` may be using, until this one has acknowledged a grant. */
  inheritFrom(other: HolderAccount): void {
    this.#outstanding.push(...other.#outstanding.map((one) => ({ ...one, lastSeq: 0 })));
  }

  /** What it tells; `acknowledged` is the last grant of this leader's term that it goes by, if any. */
  hear(told: Demand, acknowledged: number | undefined, nowMs: number): void {
    this.#told = told;
    this.#toldMs = nowMs;
    if (acknowledged === undefined) this.#believe(told, nowMs);
    else this.#outstanding = this.#outstanding.filter(({ lastSeq }) => lastSeq >= acknowledged);
  }

  /** Counts a grant that is made now. */
  issue(seq: number, shares: ReadonlyMap<string, Share>, nowMs: number): void {
    this.#issued = shares;
    const untilMs = nowMs + countedMs(this.#timings);
    const same = this.#outstanding.find((one) => sameShares(one.shares, shares));
    if (same) Object.assign(same, { lastSeq: seq, untilMs });
    else this.#outstanding.push({ shares, lastSeq: seq, untilMs });
  }

  /** Its process has ended: what it has sent may still be under way. */
  end(nowMs: number): void {
    this.#endsMs = Math.min(this.#endsMs, nowMs + restMs(this.#timings));
  }

  /** Its pod is no more, but nobody knows since when: what it holds runs out. */
  leave(): void {
    this.#isGone = true;
  }

  /** Whether it uses nothing any more. */
  isOver(nowMs: number): boolean {
    const hasRunOut = this.#outstanding.every(({ untilMs }) => nowMs >= untilMs);
    return nowMs >= this.#endsMs || (this.#isGone && hasRunOut);
  }

  /** How much of the resource it may be using in any one second, now and later. */
  exposure(resource: string, nowMs: number): number {
    const isCounted = nowMs < this.#toldMs + restMs(this.#timings);
    const load = isCounted ? (this.#told?.uses[resource]?.load ?? 0) : 0;
    return Math.max(load, this.#granted(resource, nowMs));
  }

  /** What it may have been granted something of, also where there is no limit for it any more. */
  resources(): ReadonlySet<string> {
    return new Set(this.#outstanding.flatMap(({ shares }) => [...shares.keys()]));
  }

  /** The most that it may have been granted, for the leader to come. */
  ceiling(resource: string, nowMs: number): Share {
    let fallback = 0;
    for (const { shares } of this.#outstanding) {
      fallback = Math.max(fallback, shares.get(resource)?.fallback ?? 0);
    }
    return { limit: Math.max(fallback, this.exposure(resource, nowMs)), fallback };
  }

  /** What it surely has: whatever else may be, granting it again takes nothing from others. */
  base(resource: string): number {
    const issued = this.#issued?.get(resource)?.limit;
    return issued ?? this.#told?.uses[resource]?.limit ?? 0;
  }

  #granted(resource: string, nowMs: number): number {
    return Math.max(0, ...this.#outstanding.map((one) => this.#shareOf(one, resource, nowMs)));
  }

  #shareOf({ shares, untilMs }: Outstanding, resource: string, nowMs: number): number {
    const share = shares.get(resource);
    if (nowMs < untilMs) return share?.limit ?? 0;
    return this.#isGone ? 0 : (share?.fallback ?? 0);
  }

  /** It has a grant of another leader, of which there may be no record. */
  #believe({ uses }: Demand, nowMs: number): void {
    const shares = new Map<string, Share>();
    for (const [resource, { limit }] of Object.entries(uses)) {
      // Its calls do not make up for a grant: they end, and it goes on.
      if (limit > this.#granted(resource, nowMs)) shares.set(resource, { limit, fallback: limit });
    }
    if (shares.size > 0) this.inherit(shares, nowMs);
  }
}

/** Whether both say the same of every resource. */
export function sameShares(a: ReadonlyMap<string, Share>, b: ReadonlyMap<string, Share>): boolean {
  if (a.size !== b.size) return false;
  return [...a].every(([resource, { limit, fallback }]) => {
    const other = b.get(resource);
    return limit === other?.limit && fallback === other.fallback;
  });
}
