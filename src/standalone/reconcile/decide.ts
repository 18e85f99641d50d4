import type { BotKey } from '../../api/group.ts';
import type { Refusal } from '../../api/tenancy.ts';

/** A bot that wants a place. */
export interface Candidate {
  readonly uid: string;
  readonly key: BotKey;
  readonly fleet: string;
  /** RFC 3339 in UTC, so that text order is order in time. */
  readonly createdAt: string;
  readonly suspended: boolean;
  /** Why its fleet does not take it, where that is so. */
  readonly refusal: Refusal | undefined;
  /** Undefined where the Secrets give no usable token; then the bot can't run. */
  readonly botId: number | undefined;
  /** Whether all keys of its forward handlers are there. */
  readonly signable: boolean;
}

/** What the age of a bot goes by. */
type Aged = Pick<Candidate, 'createdAt' | 'key'>;

/** A bot that a runtime hosts, or is still letting go. */
export interface Seat {
  readonly uid: string;
  readonly fleet: string;
  readonly botId: number;
  readonly leaving: boolean;
}

/** What becomes of one bot. */
export type Verdict =
  | { readonly kind: 'run'; readonly botId: number }
  /** Another owner of the same bot, or its own former place, has not let go yet. */
  | { readonly kind: 'wait' }
  /** Telegram has to load it, and others come first. */
  | { readonly kind: 'cold'; readonly turnAt: string }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'no-token' }
  | { readonly kind: 'no-signing-key' }
  | { readonly kind: 'no-fleet' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The same token as an older bot, which runs. */
  | { readonly kind: 'duplicate'; readonly of: BotKey }
  | { readonly kind: 'no-room'; readonly capacity: number };

/** What {@link decide} goes by. */
export interface World {
  readonly candidates: readonly Candidate[];
  /** How many bots each fleet takes, by its name. */
  readonly capacities: ReadonlyMap<string, number>;
  readonly seats: readonly Seat[];
}

/**
 * What becomes of each bot, by uid. Whoever has a place keeps it; among the others the older comes
 * first. A bot at Telegram never gets a second place before the first is free again.
 */
export function decide(world: World): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  const runnable: Runnable[] = [];
  for (const candidate of world.candidates) {
    const judged = judgeAlone(candidate, world);
    if ('kind' in judged) verdicts.set(candidate.uid, judged);
    else runnable.push(judged);
  }
  const owners = refuseDuplicates(runnable, verdicts);
  const placed = refuseOverflow(owners, world, verdicts);
  for (const bot of placed) {
    const free = world.seats.every((seat) => !contests(seat, bot));
    verdicts.set(bot.uid, free ? { kind: 'run', botId: bot.botId } : { kind: 'wait' });
  }
  return verdicts;
}

type Runnable = Candidate & { readonly botId: number };

/** Checks that need no other bot, in the order in which a tenant would mend them. */
function judgeAlone(candidate: Candidate, { capacities }: World): Verdict | Runnable {
  const { botId, refusal } = candidate;
  if (candidate.suspended) return { kind: 'suspended' };
  if (refusal) return { kind: 'refused', refusal };
  if (botId === undefined) return { kind: 'no-token' };
  if (!candidate.signable) return { kind: 'no-signing-key' };
  if (!capacities.has(candidate.fleet)) return { kind: 'no-fleet' };
  return { ...candidate, botId };
}

function refuseDuplicates(bots: readonly Runnable[], verdicts: Map<string, Verdict>): Runnable[] {
  const owners = new Map<number, Runnable>();
  for (const bot of bots.toSorted(byAge)) {
    const owner = owners.get(bot.botId);
    if (owner) verdicts.set(bot.uid, { kind: 'duplicate', of: owner.key });
    else owners.set(bot.botId, bot);
  }
  return [...owners.values()];
}

function refuseOverflow(
  bots: readonly Runnable[],
  { seats, capacities }: World,
  verdicts: Map<string, Verdict>,
): Runnable[] {
  const seated = new Set(seats.map(({ uid, fleet }) => `${uid} ${fleet}`));
  const isSeated = ({ uid, fleet }: Runnable): boolean => seated.has(`${uid} ${fleet}`);
  const inOrder = [...bots.filter(isSeated), ...bots.filter((bot) => !isSeated(bot))];
  const taken = new Map<string, number>();
  return inOrder.filter(({ uid, fleet }) => {
    const capacity = capacities.get(fleet) ?? 0;
    const before = taken.get(fleet) ?? 0;
    taken.set(fleet, before + 1);
    if (before < capacity) return true;
    verdicts.set(uid, { kind: 'no-room', capacity });
    return false;
  });
}

/** Whether somebody on `seat` must be gone before `bot` may start. */
function contests(seat: Seat, bot: Runnable): boolean {
  const related = seat.uid === bot.uid || seat.botId === bot.botId;
  const same = seat.uid === bot.uid && seat.botId === bot.botId && seat.fleet === bot.fleet;
  return related && !same;
}

/** The order of bots that want the same: the older comes first, and by name among twins. */
export function byAge(a: Aged, b: Aged): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}
