import { Counter, Gauge, type Registry } from 'prom-client';
import type { Move } from '../../planner/fleet-state.ts';
import type { ShardUse } from '../../planner/place.ts';

/** What a plan has found and begun. */
export interface PlannedMoves {
  readonly moves: readonly Move[];
  readonly pending: number;
  /** By ordinal. */
  readonly use: ReadonlyMap<number, ShardUse>;
}

/** Hears of every plan that the leader makes. */
export interface MoveMetrics {
  planned(fleet: string, planned: PlannedMoves): void;
  /** This process plans no more. */
  clear(): void;
}

/** {@link MoveMetrics} in `registry`: only the leader has values. */
export function moveMetrics(registry: Registry): MoveMetrics {
  const registers = [registry];
  const moves = new Counter({
    name: 'tenantbot_moves_total',
    help: 'Moves of bots to another shard that have begun, by reason',
    labelNames: ['fleet', 'reason'],
    registers,
  });
  const pending = new Gauge({
    name: 'tenantbot_moves_pending',
    help: 'Moves that are due, and wait for the budget, for room or for a shard to come up',
    labelNames: ['fleet'],
    registers,
  });
  const bots = new Gauge({
    name: 'tenantbot_shard_bots',
    help: 'Bots that are on a shard, or on their way there, to stay',
    labelNames: ['fleet', 'shard'],
    registers,
  });
  const load = new Gauge({
    name: 'tenantbot_shard_weight',
    help: 'What the bots of a shard weigh together',
    labelNames: ['fleet', 'shard'],
    registers,
  });
  const shards = new Map<string, ReadonlySet<number>>();
  return {
    planned(fleet, planned) {
      for (const { reason } of planned.moves) moves.inc({ fleet, reason });
      pending.set({ fleet }, planned.pending);
      for (const shard of shards.get(fleet) ?? []) {
        bots.remove({ fleet, shard });
        load.remove({ fleet, shard });
      }
      shards.set(fleet, new Set(planned.use.keys()));
      for (const [shard, use] of planned.use) {
        bots.set({ fleet, shard }, use.staying);
        load.set({ fleet, shard }, use.load);
      }
    },
    clear() {
      for (const gauge of [pending, bots, load]) gauge.reset();
      shards.clear();
    },
  };
}
