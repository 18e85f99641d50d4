/**
 * Whether a runtime hosts a bot under its placement: the one state machine that decides when a bot
 * may get another owner. Pure; `HandOuts` applies it.
 *
 * ```
 *            handedOut              withdrawn              released, or its shard is
 *    none ─────────────► handed ──────────────► leaving ──────────────────────────────► none
 *                         ▲  ▲                   ▲   │       gone, lost, or given up
 *               handedOut │  │ handedOut         │   │
 *                         │  └──────── possible ─┘ ◄─┘ wantedAgain
 *    (adopted) ───────────┼──────────►  ▲   │
 *                         │             │   │ its shard is lost (from handed, too)
 *         elsewhere, with │     heard   │   ▼
 *         the next epoch  └──────────── lost
 * ```
 *
 * A bot gets another owner only from `none` and `lost`. Whoever had it then has said that it ended,
 * or has not been heard for so long that it knows itself to be out of contact: such a runtime gives
 * a bot up as soon as Telegram tells it of another poller (docs/ownership.md).
 */
export type Hosting =
  | { readonly kind: 'none' }
  /** It may: an earlier leader has handed it out, or this one is about to. */
  | { readonly kind: 'possible' }
  | { readonly kind: 'handed' }
  /** It was withdrawn; from `untilMs` on (monotonic clock) it need not be waited for if it is silent. */
  | { readonly kind: 'leaving'; readonly untilMs: number }
  /** Its shard is lost: it may be placed elsewhere. Stays where it is until it is. */
  | { readonly kind: 'lost' };

/** What happens to the hosting of a bot. */
export type HostingEvent =
  | { readonly kind: 'adopted' | 'handedOut' | 'wantedAgain' | 'released' | 'abandoned' }
  | { readonly kind: 'withdrawn'; readonly untilMs: number }
  /** What is known of its shard now. `isNext`: somebody is to run the bot when it is free. */
  | {
      readonly kind: 'shardSeen';
      readonly shard: ShardState;
      readonly isNext: boolean;
      readonly nowMs: number;
    };

/**
 * What the leader knows of a shard. `silent`: nothing was heard for a while, and no more is known.
 * `gone`: it has no pod, either. `lost`: its bots are not to wait for it any longer.
 */
export type ShardState = 'heard' | 'silent' | 'gone' | 'lost';

/** Of the pod of a shard; `unknown` where nobody can tell. */
export type PodState = 'ready' | 'unready' | 'absent' | 'unknown';

/**
 * A runtime that was not heard for so long takes itself to be out of contact, though its clock and
 * the leader's may run a fifth too fast or too slow.
 */
const OUT_OF_CONTACT_MS = 10_000;

/**
 * The state of a shard that was last heard `silentMs` ago. A restart of its pod is no loss: it is
 * waited for as long as the fleet's `reassignSeconds` say.
 */
export function shardState(
  silentMs: number,
  pod: PodState,
  { reassignMs }: { readonly reassignMs: number },
): ShardState {
  if (silentMs < OUT_OF_CONTACT_MS) return 'heard';
  const isMissing = pod === 'absent' || pod === 'unready';
  if (isMissing && silentMs >= reassignMs) return 'lost';
  return pod === 'absent' ? 'gone' : 'silent';
}

/** Whether a runtime may be running the bot, as far as anybody has to wait for it. */
export function isHosted({ kind }: Hosting): boolean {
  return kind !== 'none' && kind !== 'lost';
}

const NONE: Hosting = { kind: 'none' };
const POSSIBLE: Hosting = { kind: 'possible' };

/** What becomes of a bot's hosting: a pure function. The same object where nothing does. */
export function afterEvent(hosting: Hosting, event: HostingEvent): Hosting {
  switch (event.kind) {
    case 'adopted':
      return POSSIBLE;
    case 'handedOut':
      return { kind: 'handed' };
    case 'withdrawn':
      if (!isHosted(hosting) || hosting.kind === 'leaving') return hosting;
      return { kind: 'leaving', untilMs: event.untilMs };
    case 'wantedAgain':
      return from('leaving', hosting, POSSIBLE);
    case 'released':
      return from('leaving', hosting, NONE);
    case 'abandoned':
      return from('lost', hosting, NONE);
    case 'shardSeen':
      return afterShardSeen(hosting, event);
    default:
      return event satisfies never;
  }
}

function from(kind: Hosting['kind'], hosting: Hosting, to: Hosting): Hosting {
  return hosting.kind === kind ? to : hosting;
}

type ShardSeen = Extract<HostingEvent, { kind: 'shardSeen' }>;

function afterShardSeen(hosting: Hosting, seen: ShardSeen): Hosting {
  switch (hosting.kind) {
    case 'none':
      return hosting;
    case 'possible':
    case 'handed':
      return seen.shard === 'lost' ? { kind: 'lost' } : hosting;
    case 'leaving':
      return hasLeft(seen, hosting.untilMs) ? NONE : hosting;
    case 'lost':
      return seen.shard === 'heard' ? POSSIBLE : hosting;
    default:
      return hosting satisfies never;
  }
}

/** Whether a withdrawn bot of the shard need not be waited for. */
function hasLeft({ shard, isNext, nowMs }: ShardSeen, untilMs: number): boolean {
  if (shard === 'silent') return !isNext && nowMs >= untilMs;
  return shard === 'gone' || shard === 'lost';
}
