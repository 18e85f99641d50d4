import type { Placement } from '../../api/tenant-bot-status.ts';
import type { Claim } from '../../planner/claim.ts';
import type { Target } from '../../planner/fleet-state.ts';
import { choosePlace, type FleetRoom, type Place } from '../../planner/place.ts';
import type { GatheredBot } from './gather.ts';
import type { Hosting } from './ownership.ts';

/** What the tenant asks for, as far as it can be done. */
export type Wish =
  | { readonly kind: 'run'; readonly fleet: string; readonly botId: number }
  | { readonly kind: 'rest' }
  /** It can't be told: whatever runs goes on. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'end' };

/** What {@link decide} goes by. */
export interface Situation {
  readonly wish: Wish;
  readonly placement: Placement | undefined;
  /** What is stored instead, where it has to be outbid: see `latePlacement`. */
  readonly late?: Placement | undefined;
  readonly hosting: Hosting['kind'];
  /** About the bot that is wished for. */
  readonly claim: Claim;
  /** In the fleet that is wished for; its own place is not among those taken. */
  readonly room: FleetRoom | undefined;
  /** Where its next owner is to go on, if that is known. */
  readonly offset?: number | undefined;
  /** Where the planner has it move, if anywhere. */
  readonly target: Target | undefined;
  /** RFC 3339. */
  readonly now: string;
}

/** What becomes of one bot. */
export type Decision =
  /** Its place is (or becomes) `placement`; there it is to run. */
  | { readonly kind: 'run'; readonly placement: Placement }
  /** It stays as it is, neither handed out nor withdrawn. */
  | { readonly kind: 'keep' }
  /** The runtime that hosts it is to let go before anything else happens. */
  | { readonly kind: 'release' }
  /** No runtime hosts it, and none is to. */
  | { readonly kind: 'rest' }
  /** Another TenantBot has to let go of the same bot first. */
  | { readonly kind: 'wait' }
  | Extract<Place, { kind: 'full' }>
  /** It could run, and waits for its turn to be loaded by Telegram (RFC 3339). */
  | { readonly kind: 'cold'; readonly turnAt: string }
  /** Nothing is left of it in any runtime: it may go. */
  | { readonly kind: 'finish' };

/** What the gathered facts ask for: a pure function. */
export function wishOf(bot: GatheredBot): Wish {
  const { deleting, spec, fleet, fleetName, refusal, known } = bot;
  if (deleting) return { kind: 'end' };
  if (!spec.ok || !known) return { kind: 'unknown' };
  if (spec.value.suspended || fleet.kind === 'missing' || refusal) return { kind: 'rest' };
  const { credentials } = known;
  if (fleet.kind === 'unreadable' || credentials.kind === 'unreadable') return { kind: 'unknown' };
  const { token, signingKeys } = credentials;
  if (token.kind !== 'ok' || 'message' in signingKeys) return { kind: 'rest' };
  return { kind: 'run', fleet: fleetName, botId: token.botId };
}

/**
 * What becomes of one bot: a pure function. It never gets a new place while a runtime may host it
 * at the one before, nor while another TenantBot's runtime may run the same bot.
 */
export function decide(situation: Situation): Decision {
  const { wish, hosting } = situation;
  const hosted = hosting !== 'none' && hosting !== 'lost';
  switch (wish.kind) {
    case 'end':
      return { kind: hosted ? 'release' : 'finish' };
    case 'rest':
      return { kind: hosted ? 'release' : 'rest' };
    case 'unknown':
      return { kind: hosting === 'none' ? 'rest' : 'keep' };
    case 'run':
      return hosted ? decideHosted(situation, wish) : decideFree(situation, wish);
    default:
      return wish satisfies never;
  }
}

type RunWish = Extract<Wish, { kind: 'run' }>;

function decideHosted(situation: Situation, wish: RunWish): Decision {
  const { claim, placement, late, hosting, target } = situation;
  if (claim.kind === 'taken' || !placement || !fits(placement, wish)) return { kind: 'release' };
  if (late || target === 'nowhere' || leadsAway(target, placement)) return { kind: 'release' };
  // What this leader has handed out was nobody else's then.
  if (claim.kind === 'leaving' && hosting !== 'handed') return { kind: 'keep' };
  return { kind: 'run', placement };
}

function decideFree(situation: Situation, wish: RunWish): Decision {
  const { claim, placement, late, hosting, target } = situation;
  if (claim.kind === 'taken') return { kind: 'rest' };
  if (claim.kind === 'leaving') return { kind: 'wait' };
  // Decided before, and not yet written or handed out.
  const isDecided = placement && !late && hosting === 'none' && fits(placement, wish);
  if (isDecided && !leadsAway(target, placement)) return { kind: 'run', placement };
  return placeAnew(situation, wish);
}

function placeAnew(situation: Situation, wish: RunWish): Decision {
  const { placement, late, hosting, now, offset } = situation;
  const { fleet, botId } = wish;
  const place = nextPlace(situation, wish);
  if (!place) return { kind: 'rest' };
  // Its shard may come back before there is room elsewhere.
  if (place.kind === 'full') return hosting === 'lost' ? { kind: 'keep' } : place;
  const epoch = Math.max(placement?.epoch ?? 0, late?.epoch ?? 0) + 1;
  const { ordinal: shard } = place;
  const from = offset === undefined ? {} : { offset };
  return { kind: 'run', placement: { fleet, shard, epoch, since: now, botId, ...from } };
}

/** Its target, else where there is room; undefined where nobody can tell. */
function nextPlace(situation: Situation, { fleet }: RunWish): Place | undefined {
  const { placement, room, target } = situation;
  if (typeof target === 'object' && target.fleet === fleet) {
    return { kind: 'shard', ordinal: target.ordinal };
  }
  return room && choosePlace(room, placement?.fleet === fleet ? placement.shard : undefined);
}

function leadsAway(target: Target | undefined, { fleet, shard }: Placement): boolean {
  return typeof target === 'object' && target.fleet === fleet && target.ordinal !== shard;
}

function fits({ fleet, botId }: Placement, wish: RunWish): boolean {
  return fleet === wish.fleet && botId === wish.botId;
}
