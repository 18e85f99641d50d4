import { X509Certificate } from 'node:crypto';
import { AUTHORITY_SECRET } from '../../../controller/rights.ts';
import { isStatus } from '../../../kube/api-error.ts';
import { SECRETS } from '../../../kube/well-known.ts';
import { fromTimestamp } from '../../../lib/clock.ts';
import { orOk, type Said, warning, wrong } from '../finding.ts';
import type { ClusterWorld } from './world.ts';

const DAY_MS = 24 * 3_600_000;
/** The leader renews long before. */
const SOON_MS = 7 * DAY_MS;
const FILES = ['ca.crt', 'tls.crt'] as const;
const ANEW = (namespace: string): string =>
  `The leader renews them long before. Look at its logs; \`kubectl -n ${namespace} delete secret ${AUTHORITY_SECRET}\` and a restart of operator and shards makes them anew.`;

/** Whether the control channel's certificates are there and valid for long enough. */
export async function checkCertificates(world: ClusterWorld): Promise<readonly Said[]> {
  const { client, namespace, nowMs } = world;
  const name = `Secret ${namespace}/${AUTHORITY_SECRET}`;
  const secret = await client
    .get(SECRETS, { namespace, name: AUTHORITY_SECRET })
    .catch((error: unknown) => {
      if (isStatus(error, 404)) return undefined;
      throw error;
    });
  if (!secret) {
    return [
      wrong(
        `There is no ${name}: shards can't reach the leader.`,
        'Restart the operator: it makes one.',
      ),
    ];
  }
  const said = FILES.flatMap((file) => {
    const text = Buffer.from(secret.data?.[file] ?? '', 'base64').toString();
    const endMs = endOf(text);
    if (endMs === undefined)
      return [wrong(`${name} has no certificate in ${file}.`, ANEW(namespace))];
    const leftMs = endMs - nowMs;
    if (leftMs <= 0) return [wrong(`${file} of ${name} has expired.`, ANEW(namespace))];
    const days = Math.floor(leftMs / DAY_MS);
    return leftMs < SOON_MS
      ? [warning(`${file} of ${name} expires in ${days} days.`, ANEW(namespace))]
      : [];
  });
  return orOk(said, `The certificates in ${name} are valid.`);
}

/** When the last of the certificates in `pem` ends; undefined where there is none. */
function endOf(pem: string): number | undefined {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const ends = texts.map((text) => fromTimestamp(new X509Certificate(text).validTo));
    return ends.length === 0 ? undefined : Math.max(...ends);
  } catch {
    return undefined;
  }
}
