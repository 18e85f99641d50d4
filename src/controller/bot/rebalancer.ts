import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { BotKey } from '../../api/group.ts';
import { type Clock, sleep } from '../../lib/clock.ts';
import { News } from '../../lib/news.ts';
import { Calm } from '../../planner/calm.ts';
import type { FleetPlan, Move, PlannedFleet } from '../../planner/fleet-state.ts';
import { MoveBudget } from '../../planner/move-budget.ts';
import { plan } from '../../planner/plan.ts';
import type { FleetDirectory } from './fleet-directory.ts';
import type { MoveMetrics } from './move-metrics.ts';
import type { Roster } from './roster.ts';
import type { ShardStates } from './shard-states.ts';

/** Changes come in crowds: a plan is made so long after the first one. */
const SETTLE_MS = 500;
/** Shards come up and fall silent without a word from the API server. */
const LOOK_EVERY_MS = 5_000;
/** While moves are due, the budget fills. */
const PENDING_MS = 1_000;

export interface RebalancerOptions {
  readonly roster: Roster;
  readonly fleets: Pick<FleetDirectory, 'names' | 'find'>;
  readonly states: Pick<ShardStates, 'of'>;
  /** Has a bot looked at. */
  readonly wake: (key: BotKey) => void;
  /** The size of a fleet may have changed. */
  readonly onSize: (fleet: string) => void;
  /** Bots of the fleet begin to move. */
  readonly onMoves: (fleet: string, moves: readonly Move[], pending: number) => void;
  readonly metrics?: MoveMetrics | undefined;
  readonly clock: Clock;
}

/** What is remembered of a fleet from one plan to the next. */
interface Memory {
  readonly budget: MoveBudget;
  readonly calm: Calm;
  size: string;
  moving: boolean;
}

/**
 * Makes plans for all fleets, shortly after something has changed and every now and then, and has
 * bots move as they say. It only tells the roster where a bot is to go: the reconcile of the bot
 * has it let go of its shard, and places it anew once it has. Where fleets are in balance it does
 * nothing.
 */
export class Rebalancer {
  readonly #options: RebalancerOptions;
  readonly #news = new News();
  readonly #memories = new Map<string, Memory>();
  #changed = true;

  constructor(options: RebalancerOptions) {
    this.#options = options;
    options.roster.onChange((fleet, isOther) => this.#onChange(fleet, isOther));
  }

  /** Something has changed that plans go by. */
  changed(): void {
    this.#changed = true;
    this.#news.tell();
  }

  /** Plans until `signal` aborts. All bots must be in the roster by then. */
  async start(signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#options;
    try {
      while (!signal.aborted) {
        const pending = this.#pass();
        await this.#wait(pending > 0 ? PENDING_MS : LOOK_EVERY_MS, signal);
        await sleep(clock, SETTLE_MS, signal).catch(() => undefined);
      }
    } finally {
      metrics?.clear();
    }
  }

  async #wait(mostMs: number, signal: AbortSignal): Promise<void> {
    if (this.#changed) return;
    const over = new AbortController();
    const timer = this.#options.clock.setTimer(mostMs, () => over.abort());
    await this.#news.next(AbortSignal.any([signal, over.signal]));
    timer.cancel();
  }

  /** Makes and follows one plan for each fleet; returns how many moves are due beyond it. */
  #pass(): number {
    this.#changed = false;
    const { roster, fleets } = this.#options;
    const planned = fleets.names().flatMap((name) => {
      const fleet = fleets.find(name);
      return fleet.kind === 'found' ? [this.#describe(name, fleet.spec, fleet.shards)] : [];
    });
    this.#forget(new Set(planned.map(({ name }) => name)));
    let pending = 0;
    for (const [name, made] of plan(planned, roster.planned())) {
      this.#follow(name, made);
      pending += made.pending;
    }
    return pending;
  }

  #describe(name: string, { sharding }: BotFleetSpec, shards: number): PlannedFleet {
    const { roster, states } = this.#options;
    return {
      name,
      sharding,
      shards,
      taken: roster.taken(name),
      stateOf: states.of(name),
      balance: this.#memory(name).calm.holds,
      budget: this.#memory(name).budget.available(sharding.movesPerMinute),
    };
  }

  #follow(name: string, { wanted, shards, places, moves, pending, cancelled }: FleetPlan): void {
    const { roster, metrics, onSize, onMoves } = this.#options;
    const memory = this.#memory(name);
    for (const uid of cancelled) this.#retarget(uid, undefined);
    // Room has come for who waits: on a shard that is back, for one.
    for (const { uid } of places) this.#wake(uid);
    for (const { uid, to } of moves) {
      this.#retarget(uid, to === 'nowhere' ? to : { fleet: name, ordinal: to });
    }
    memory.budget.spend(moves.filter(({ reason }) => reason !== 'lost').length);
    const isMoving = moves.length > 0;
    if (isMoving && !memory.moving) onMoves(name, moves, pending);
    memory.moving = isMoving || pending > 0;
    const size = `${wanted}/${shards}`;
    if (size !== memory.size) onSize(name);
    memory.size = size;
    metrics?.planned(name, { moves, pending, use: roster.use(name) });
  }

  #retarget(uid: string, target: Parameters<Roster['retarget']>[1]): void {
    this.#options.roster.retarget(uid, target);
    this.#wake(uid);
  }

  #wake(uid: string): void {
    const record = this.#options.roster.find(uid);
    if (record) this.#options.wake(record.key);
  }

  #onChange(fleet: string, isOther: boolean): void {
    this.changed();
    if (isOther) this.#memory(fleet).calm.changed();
  }

  #memory(fleet: string): Memory {
    const known = this.#memories.get(fleet);
    if (known) return known;
    const { clock } = this.#options;
    const fresh: Memory = {
      budget: new MoveBudget(clock),
      calm: new Calm(clock),
      size: '',
      moving: false,
    };
    this.#memories.set(fleet, fresh);
    return fresh;
  }

  #forget(names: ReadonlySet<string>): void {
    for (const name of this.#memories.keys()) if (!names.has(name)) this.#memories.delete(name);
  }
}
