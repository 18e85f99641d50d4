import { randomUUID } from 'node:crypto';
import type { AdminBackend } from '../../admin/backend.ts';
import { botFleetSpecSchema } from '../../api/bot-fleet.ts';
import type { RetryBook } from '../../api/retry-counts.ts';
import { holderOf } from '../../kube/elector-record.ts';
import { objectKey } from '../../kube/resource.ts';
import type { Clock } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ClusterCaches } from '../cluster-caches.ts';
import { LEADER_LEASE } from '../rights.ts';
import { ClusterCatalog } from './cluster-catalog.ts';
import { type ClusterWriterOptions, clusterWriter } from './cluster-writer.ts';
import { readBot, readFleet } from './read-objects.ts';

type AuditEntry = Parameters<AdminBackend['audit']>[0];

/** What the admin API of a replica stands on. */
export interface ClusterBackendOptions extends ClusterWriterOptions {
  readonly caches: Pick<ClusterCaches, 'bots' | 'fleets' | 'leases'>;
  readonly namespace: string;
  /** Whether this replica leads, at this very moment. */
  readonly isLeader: () => boolean;
  /** The leader's own; undefined while this replica does not lead. */
  readonly retries: () => RetryBook | undefined;
  readonly askLeader: AdminBackend['askLeader'];
  readonly history: AdminBackend['history'];
  /** Keeps an entry for good; undefined where no history is kept. */
  readonly audit:
    | ((entry: AuditEntry & { readonly id: string; readonly at: number }) => Promise<void>)
    | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** A cluster, as each replica sees it from its caches. */
export function clusterBackend(options: ClusterBackendOptions): AdminBackend {
  const { caches, namespace, isLeader, askLeader, history, clock, log } = options;
  return {
    mode: 'cluster',
    bots: new ClusterCatalog(caches.bots, readBot),
    fleets: new ClusterCatalog(caches.fleets, readFleet),
    writer: clusterWriter(options),
    get retries() {
      return options.retries();
    },
    leader() {
      const lease = caches.leases.get(objectKey({ namespace, name: LEADER_LEASE }));
      const holder = holderOf(lease) ?? null;
      const { leaseTransitions: term = null, acquireTime: since = null } = lease?.spec ?? {};
      return { holder, isThis: isLeader(), term, since };
    },
    telegramOf: ({ spec }) => botFleetSpecSchema.parse(spec).telegram,
    askLeader,
    history,
    audit(entry) {
      log.info({ audit: entry }, `audit: ${entry.actor}: ${entry.action}`);
      const whole = { ...entry, id: randomUUID(), at: Math.round(clock.wallMs()) };
      options.audit?.(whole).catch((error: unknown) => {
        log.warn(`the audit log of the history lacks an entry: ${errorMessage(error)}`);
      });
    },
  };
}
