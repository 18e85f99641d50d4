import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';

/** Who speaks to which API server. */
export interface Access {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

/** Writes a kubeconfig with one context, for its owner's eyes only. */
export async function writeKubeconfig(path: string, access: Access): Promise<void> {
  const cluster = {
    server: access.url,
    'certificate-authority-data': Buffer.from(access.caPem).toString('base64'),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'tenantbot', cluster }],
    users: [{ name: 'tenantbot', user: { token: access.token } }],
    contexts: [{ name: 'tenantbot', context: { cluster: 'tenantbot', user: 'tenantbot' } }],
    'current-context': 'tenantbot',
  };
  await writeFile(path, stringify(config), { mode: 0o600 });
}
