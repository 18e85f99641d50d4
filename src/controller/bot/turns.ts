import { coldStartLimits } from '../../api/cold-start.ts';
import type { BotKey } from '../../api/group.ts';
import { ColdStarts } from '../../coordinator/cold-start/cold-starts.ts';
import { type Clock, fromTimestamp, toTimestamp } from '../../lib/clock.ts';
import type { Decision } from './decide.ts';
import type { FleetDirectory } from './fleet-directory.ts';
import type { GatheredBot } from './gather.ts';
import { type Hosting, isHosted } from './ownership.ts';
import type { Roster } from './roster.ts';

const MINUTE_MS = 60_000;

export interface TurnsOptions {
  readonly roster: Roster;
  readonly fleets: FleetDirectory;
  readonly clock: Clock;
  /** Has a bot looked at again. */
  readonly wake: (key: BotKey) => void;
}

/**
 * Lets bots that Telegram has to load start when their turn comes. What counts towards the limits
 * survives a leader: a bot's place is written before the bot starts, with its time.
 */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #starts: ColdStarts;

  constructor(options: TurnsOptions) {
    const { clock, roster, wake } = options;
    this.#options = options;
    this.#starts = new ColdStarts({
      clock,
      onTurn: (uid) => {
        const record = roster.find(uid);
        if (record) wake(record.key);
      },
    });
  }

  /** All bots that are placed have been adopted: those placed in the last hour count. */
  adopt(): void {
    const { roster, fleets, clock } = this.#options;
    const agesMs = new Map<string, number[]>();
    for (const { uid } of roster.all()) {
      const placement = roster.placement(uid);
      if (placement?.botId === undefined) continue;
      const ofFleet = agesMs.get(placement.fleet) ?? [];
      agesMs.set(placement.fleet, ofFleet);
      ofFleet.push(Math.max(0, clock.wallMs() - fromTimestamp(placement.since)));
    }
    for (const [name, ages] of agesMs) {
      const fleet = fleets.find(name);
      const limits = fleet.kind === 'found' ? coldStartLimits(fleet.spec) : undefined;
      if (limits) this.#starts.restore(name, limits, ages);
    }
  }

  /** `decision`, or that the bot is to wait for its turn first. */
  inTurn({ uid, fleet }: GatheredBot, hosting: Hosting, decision: Decision): Decision {
    const { roster, clock } = this.#options;
    if (isHosted(hosting)) this.#starts.keepLoaded(uid);
    else if (decision.kind !== 'run') this.#starts.leave(uid);
    if (decision.kind !== 'run' || hosting.kind !== 'none' || fleet.kind !== 'found') {
      return decision;
    }
    const { placement } = decision;
    // Decided before, and not yet written or handed out.
    if (placement === roster.placement(uid)) return decision;
    const turnMs = this.#starts.turnOf({
      uid,
      fleet: placement.fleet,
      weight: roster.weight(uid),
      limits: coldStartLimits(fleet.spec),
    });
    if (turnMs === undefined) return decision;
    const turnAtMs = clock.wallMs() + turnMs - clock.monotonicMs();
    return { kind: 'cold', turnAt: toTimestamp(Math.ceil(turnAtMs / MINUTE_MS) * MINUTE_MS) };
  }

  /** The bot is gone. */
  forget(uid: string): void {
    this.#starts.forget(uid);
  }

  close(): void {
    this.#starts.close();
  }
}
