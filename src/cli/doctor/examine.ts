import { processEnvironment, readConfig } from '../config.ts';
import { chosen, settingsOf } from '../connect.ts';
import { version } from '../installation.ts';
import type { Flags } from '../program/actions.ts';
import { STANDALONE_SETTINGS } from '../settings.ts';
import type { Finding } from './finding.ts';

/** What is wrong with the cluster's installation, or the standalone, that `flags` choose. */
export async function examine(
  flags: Flags,
  namespace: string | undefined,
  nowMs: number,
): Promise<readonly Finding[]> {
  const { place, data, endpoint } = await chosen(flags);
  if (place.kind === 'standalone') {
    const { LocalClient } = await import('../local-client.ts');
    const { examineStandalone } = await import('./examine-standalone.ts');
    const sources = { flags: settingsOf(flags), environment: processEnvironment() };
    const settings = readConfig(STANDALONE_SETTINGS, sources);
    const client = endpoint && new LocalClient(endpoint, data);
    return examineStandalone({ data, settings, endpoint, client });
  }
  const { connectCluster } = await import('../cluster-access.ts');
  const { examineCluster } = await import('./cluster/examine-cluster.ts');
  const userAgent = `tenantbot/${version()}`;
  const { client } = await connectCluster({ ...place, userAgent });
  try {
    return await examineCluster(client, { namespace, version: version(), nowMs });
  } finally {
    await client.close();
  }
}
