import { fileURLToPath } from 'node:url';
import { certificateFiles } from '../admin/http/certificate-files.ts';
import { type Counters, memoryCounters } from '../admin/limits/counters.ts';
import { InsuredCounters } from '../admin/limits/insured-counters.ts';
import { DEFAULT_LIMITS, type LimitTable } from '../admin/limits/limit-classes.ts';
import { Limits } from '../admin/limits/limits.ts';
import { parseNetwork } from '../admin/limits/networks.ts';
import { sharedCounters } from '../admin/limits/shared-counters.ts';
import type { ClosableClient } from '../controller/admin-api/cluster-writer.ts';
import type { ClusterAdminOptions } from '../controller/admin-api/serve-admin.ts';
import { type AddressSource, addressInFile } from '../history/address-source.ts';
import { AuditTrail } from '../history/audit-trail.ts';
import { FollowingReader } from '../history/queries/following-reader.ts';
import { systemClock } from '../lib/clock.ts';
import { inputError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import type { Log } from '../telemetry/log.ts';
import { ROOT } from './installation.ts';
import type { OperatorSettings } from './operator-settings.ts';

/** What the admin API of a replica is told; undefined where none is wanted. */
export function adminOf(
  settings: OperatorSettings,
  parts: {
    readonly clientFor: (token: Secret) => ClosableClient;
    readonly log: Log;
    readonly stack: AsyncDisposableStack;
  },
): ClusterAdminOptions | undefined {
  const { adminPort: port, adminService: service, adminNames: names } = settings;
  if (port === undefined) return undefined;
  const { databaseUrlFile, databaseCa } = settings;
  const address =
    databaseUrlFile === undefined ? undefined : addressInFile(databaseUrlFile, databaseCa);
  const { clientFor, log, stack } = parts;
  const table = settings.adminLimits ?? DEFAULT_LIMITS;
  return {
    port,
    service,
    names,
    clientFor,
    trustedProxies: settings.adminTrustedProxies,
    limits: new Limits({
      table,
      unlimited: settings.adminUnlimited.map(parseNetwork),
      counters: countersOf(table, address, parts),
    }),
    certificate: certificateOf(settings, log),
    page: fileURLToPath(new URL('dist/page', ROOT)),
    ...(address
      ? historyOf(address, { log, stack })
      : { history: () => undefined, audit: undefined }),
  };
}

function countersOf(
  table: LimitTable,
  address: AddressSource | undefined,
  { log, stack }: { readonly log: Log; readonly stack: AsyncDisposableStack },
): Counters {
  const own = memoryCounters(table);
  if (!address) {
    log.info('limits by address are counted by each replica alone: there is no database');
    return own;
  }
  const shared = sharedCounters(address, table);
  stack.defer(() => shared.close());
  return new InsuredCounters({ shared, own, clock: systemClock, log });
}

function historyOf(
  address: AddressSource,
  { log, stack }: { readonly log: Log; readonly stack: AsyncDisposableStack },
): Pick<ClusterAdminOptions, 'history' | 'audit'> {
  const reader = new FollowingReader(address, { clock: systemClock, log });
  const stop = new AbortController();
  const reading = reader.start(stop.signal);
  const trail = new AuditTrail(address);
  stack.defer(async () => {
    stop.abort();
    await Promise.all([reading, trail.close()]);
  });
  return { history: () => reader.reader, audit: (entry) => trail.write(entry) };
}

function certificateOf(
  { adminCertificate: certificate, adminKey: key }: OperatorSettings,
  log: Log,
): ClusterAdminOptions['certificate'] {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    const words = '--admin-certificate and --admin-key go together: give both or none';
    throw inputError('ADMIN_CERTIFICATE_INCOMPLETE', words);
  }
  return certificateFiles({ certificate, key, clock: systemClock, log });
}
