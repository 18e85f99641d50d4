import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ElectionMetrics } from './elector-tenure.ts';

/**
 * The metrics of elections in `registry` under client-go's names (`leader_election_*`, label
 * `name`), and two of our own that tell how near a leader is to losing. Returns what gives an
 * elector its own; call that once per elector.
 */
export function electionMetrics(registry: Registry): (name: string) => ElectionMetrics {
  const registers = [registry];
  const labelNames = ['name'] as const;
  const elections = new Map<string, () => boolean>();
  const slowPath = new Counter({
    name: 'leader_election_slowpath_total',
    help: 'Renewals that had to read the Lease first, since somebody else had written to it',
    labelNames,
    registers,
  });
  const failures = new Counter({
    name: 'leader_election_renew_failures_total',
    help: 'Renewals that have failed',
    labelNames,
    registers,
  });
  const duration = new Histogram({
    name: 'leader_election_renew_duration_seconds',
    help: 'How long renewals took',
    labelNames,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5],
    registers,
  });
  addMasterStatus(elections, registers);

  return (name) => ({
    track({ isLeader }) {
      elections.set(name, isLeader);
      slowPath.inc({ name }, 0);
      failures.inc({ name }, 0);
    },
    renewed: (tookMs) => duration.observe({ name }, tookMs / 1000),
    renewFailed: () => failures.inc({ name }),
    slowPath: () => slowPath.inc({ name }),
  });
}

function addMasterStatus(
  elections: ReadonlyMap<string, () => boolean>,
  registers: Registry[],
): Gauge {
  return new Gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process leads: 1 or 0',
    labelNames: ['name'],
    registers,
    collect() {
      for (const [name, isLeader] of elections) this.set({ name }, isLeader() ? 1 : 0);
    },
  });
}
