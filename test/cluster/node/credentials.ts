import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { writeKubeconfig } from '../kubeconfig.ts';
import { NODE } from './layout.ts';

/** The users of the node's API server, each with the groups that its token stands for. */
const USERS = {
  admin: { name: 'admin', group: 'system:masters' },
  kubelet: { name: `system:node:${NODE.name}`, group: 'system:nodes' },
  'kube-controller-manager': { name: 'system:kube-controller-manager', group: '' },
  'kube-scheduler': { name: 'system:kube-scheduler', group: '' },
  'kube-proxy': { name: 'system:kube-proxy', group: '' },
  coredns: { name: 'coredns', group: '' },
} as const;

/** Who has a kubeconfig in the folder of credentials. */
export type UserName = keyof typeof USERS;

/** What clients on this side of the node need. */
export interface Credentials {
  readonly caPem: string;
  /** The admin's bearer token. */
  readonly adminToken: string;
}

/** The file name of `user`'s kubeconfig in the folder of credentials. */
export function kubeconfigName(user: UserName): string {
  return `${user}.kubeconfig`;
}

/**
 * Writes into `folder`: a CA, the certificates of API server and kubelet, the key of
 * ServiceAccount tokens, one token per component, and a kubeconfig for each of them.
 */
export async function writeCredentials(folder: string): Promise<Credentials> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const caPem = await writeCertificates(folder);
  const serviceAccounts = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await writeSecret(join(folder, 'sa.key'), serviceAccounts.privateKey);
  const rows: string[] = [];
  let adminToken = '';
  for (const [user, { name, group }] of Object.entries(USERS)) {
    const token = randomBytes(16).toString('hex');
    if (user === 'admin') adminToken = token;
    rows.push(`${token},${name},${user},"${group}"`);
    const url = `https://127.0.0.1:${NODE.apiPort}`;
    await writeKubeconfig(join(folder, kubeconfigName(user as UserName)), { url, caPem, token });
  }
  await writeSecret(join(folder, 'tokens.csv'), `${rows.join('\n')}\n`);
  return { caPem, adminToken };
}

async function writeCertificates(folder: string): Promise<string> {
  const common = { keyType: 'ec', algorithm: 'sha256' } as const;
  const ca = await generate([{ name: 'commonName', value: 'tenantbot-test-ca' }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const sign = async (name: string, subject: Subject, hosts: readonly string[]): Promise<void> => {
    const attributes = [{ name: 'commonName', value: subject.name }];
    if (subject.group) attributes.push({ name: 'organizationName', value: subject.group });
    const leaf = await generate(attributes, {
      ...common,
      ca: { key: ca.private, cert: ca.cert },
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: hosts.map(altName) },
      ],
    });
    await writeFile(join(folder, `${name}.crt`), leaf.cert);
    await writeSecret(join(folder, `${name}.key`), leaf.private);
  };
  await writeFile(join(folder, 'ca.crt'), ca.cert);
  await sign('apiserver', { name: 'kube-apiserver' }, [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    '127.0.0.1',
    NODE.address,
    NODE.apiServiceAddress,
  ]);
  const client = { name: 'kube-apiserver-kubelet-client', group: 'system:masters' };
  await sign('kubelet-client', client, ['localhost']);
  const kubelet = { name: `system:node:${NODE.name}`, group: 'system:nodes' };
  await sign('kubelet', kubelet, [NODE.name, NODE.address]);
  return ca.cert;
}

interface Subject {
  readonly name: string;
  readonly group?: string;
}

function altName(host: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host };
}

function writeSecret(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600 });
}
