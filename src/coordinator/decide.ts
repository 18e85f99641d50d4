import { allocate, type Claim } from './allocate.ts';

/** A holder, as far as one resource goes. */
export interface Party {
  /** What it may be using; see HolderAccount. */
  readonly exposure: number;
  /** What it surely has. */
  readonly base: number;
  /** Undefined for one that gets nothing new: it is silent, or on its way out. */
  readonly claim: Claim | undefined;
}

/**
 * The limit of each party that has a claim: its part of the capacity as `allocate` says, as far as
 * it is free by now. All limits together with what the others may be using never exceed the larger
 * of the capacity and what is in use already: so each limit can be granted, in any order.
 *
 * - As long as all that may be in use fits into the capacity, a party keeps or gets back what it may
 *   be using anyway, and what nobody may be using is divided among those that are to grow.
 * - Where more may be in use (the capacity was lowered, or a new leader knows only upper bounds),
 *   nobody gets more than it surely has.
 */
export function decideLimits(capacity: number, parties: readonly Party[]): (number | undefined)[] {
  const reserved = sum(parties.map(({ claim, exposure }) => (claim ? 0 : exposure)));
  const inUse = sum(parties.map(({ exposure }) => exposure));
  const claims = parties.flatMap(({ claim }) => claim ?? []);
  const targets = allocate(Math.max(0, capacity - reserved), claims).values();
  const fits = inUse <= capacity;
  const growing = parties.map(({ claim, exposure, base }) => {
    if (!claim) return undefined;
    const target = targets.next().value ?? 0;
    const kept = Math.min(target, fits ? exposure : Math.min(base, exposure));
    return { kept, more: target - kept, weight: claim.weight };
  });
  const more = sum(growing.map((one) => one?.more ?? 0));
  const free = fits ? Math.min(capacity - inUse, more) : 0;
  const parts = allocate(
    free,
    growing.flatMap((one) => (one ? [{ demand: one.more, weight: one.weight, floor: 0 }] : [])),
  ).values();
  return growing.map((one) => one && one.kept + (parts.next().value ?? 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
