import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadClusterAccess } from '../../src/kube/kubeconfig.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { clientOf, reply, serve } from './local-server.ts';

const REF = { namespace: 'team-a', name: 'x' };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  return () => rm(folder, { recursive: true });
});

async function write(name: string, content: object | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function config(server: URL | string, user: object, cluster: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: String(server), ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'team-a' } }],
    'current-context': 'x',
  };
}

/** A server that tells who it is asked by, and a client with the access that `kubeconfig` gives. */
async function clientBy(path: string) {
  const access = await loadClusterAccess(path);
  const client = clientOf(access.server, { access });
  return { access, ask: () => client.get(CONFIG_MAPS, REF) };
}

function plainServer() {
  return serve((_request, response) => reply(response, 200, {}));
}

describe('loadClusterAccess', () => {
  it('gives the server, the namespace and the token', async () => {
    const server = await plainServer();
    const { access, ask } = await clientBy(await write('k', config(server.url, { token: 't' })));
    await ask();
    expect(access).toMatchObject({ server: server.url, namespace: 'team-a' });
    expect(server.received[0]?.headers.authorization).toBe('Bearer t');
  });

  it('reads a token file before every call, beside the kubeconfig', async () => {
    const server = await plainServer();
    await write('token', 'first\n');
    const { ask } = await clientBy(await write('k', config(server.url, { tokenFile: 'token' })));
    await ask();
    await write('token', 'second\n');
    await ask();
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer first',
      'Bearer second',
    ]);
  });

  it('says which file is missing when a token file goes', async () => {
    const server = await plainServer();
    const path = await write('k', config(server.url, { tokenFile: 'token' }));
    const { ask } = await clientBy(path);
    await expect(ask()).rejects.toMatchObject({
      code: 'KUBE_CREDENTIALS',
      message: expect.stringContaining(join(folder, 'token')) as string,
    });
  });

  it('runs a plugin once for as long as its token is good', async () => {
    const server = await plainServer();
    const status = { token: 'of-plugin', expirationTimestamp: '2999-01-01T00:00:00Z' };
    const script = `require('fs').appendFileSync(${JSON.stringify(join(folder, 'runs'))}, 'x');
      console.log(${JSON.stringify(JSON.stringify({ kind: 'ExecCredential', status }))})`;
    const exec = { command: process.execPath, args: ['-e', script] };
    const { ask } = await clientBy(await write('k', config(server.url, { exec })));
    await ask();
    await ask();
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer of-plugin',
      'Bearer of-plugin',
    ]);
    expect(await readFile(join(folder, 'runs'), 'utf8')).toBe('x');
  });

  it('does not quote what a plugin prints', async () => {
    const server = await plainServer();
    const exec = { command: process.execPath, args: ['-e', 'console.log("s3cret")'] };
    const { ask } = await clientBy(await write('k', config(server.url, { exec })));
    const failure: unknown = await ask().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'KUBE_CREDENTIALS', cause: undefined });
    expect(String(failure)).not.toContain('s3cret');
  });

  it('joins several files; the first context counts', async () => {
    const server = await plainServer();
    const paths = [
      await write('one', {
        contexts: [{ name: 'mine', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'mine',
      }),
      await write('two', config(server.url, { token: 't' })),
    ];
    const { access, ask } = await clientBy(paths.join(delimiter));
    await ask();
    expect(access.namespace).toBeUndefined();
    expect(server.received[0]?.headers.authorization).toBe('Bearer t');
  });

  it.each([
    ['is not there', undefined, /ENOENT/],
    ['is broken', '{ token: s3cret, [', /it is no kubeconfig/],
    ['is empty', '', /it is no kubeconfig/],
    ['has no context', '{}', /no current context/],
    ['has no server', JSON.stringify(config('', {})), /it is no kubeconfig/],
    [
      'has a server of no address',
      JSON.stringify(config('home', {})),
      /with a cluster and its server/,
    ],
  ])('refuses in words a kubeconfig that %s', async (_name, content, words) => {
    const path = content === undefined ? join(folder, 'none') : await write('k', content);
    const failure: unknown = await loadClusterAccess(path).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'input', code: 'KUBECONFIG_INVALID' });
    expect(String(failure)).toMatch(words);
    expect(String(failure)).toContain(path);
    expect(String(failure)).not.toContain('s3cret');
  });

  it('refuses in words outside of a pod', async () => {
    await expect(loadClusterAccess(undefined)).rejects.toMatchObject({
      kind: 'environment',
      code: 'KUBE_NOT_IN_CLUSTER',
    });
  });
});

describe('TLS', () => {
  const algorithm = { keyType: 'ec', algorithm: 'sha256' } as const;

  async function certificate(commonName: string) {
    const altNames = [{ type: 7 as const, ip: '127.0.0.1' }];
    return generate([{ name: 'commonName', value: commonName }], {
      ...algorithm,
      extensions: [{ name: 'subjectAltName', altNames }],
    });
  }

  function base64(text: string): string {
    return Buffer.from(text).toString('base64');
  }

  it('trusts the CA of the kubeconfig and no other', async () => {
    const pair = await certificate('server');
    const tls = { cert: pair.cert, key: pair.private };
    const server = await serve((_request, response) => reply(response, 200, {}), tls);
    const trusting = { 'certificate-authority-data': base64(pair.cert) };
    await (await clientBy(await write('k', config(server.url, {}, trusting)))).ask();
    const other = { 'certificate-authority-data': base64((await certificate('other')).cert) };
    const { ask } = await clientBy(await write('k', config(server.url, {}, other)));
    await expect(ask()).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    const careless = { 'insecure-skip-tls-verify': true };
    await (await clientBy(await write('k', config(server.url, {}, careless)))).ask();
  });

  it('shows the client certificate, and a new one as soon as it is renewed', async () => {
    const [own, first, second] = await Promise.all(['server', 'first', 'second'].map(certificate));
    if (!own || !first || !second) return expect.unreachable();
    const names: unknown[] = [];
    const server = await serve(
      ({ socket }, response) => {
        names.push((socket as TLSSocket).getPeerCertificate().subject.CN);
        reply(response, 200, {});
      },
      { cert: own.cert, key: own.private, requestCert: true, rejectUnauthorized: false },
    );
    const user = { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' };
    const trusting = { 'certificate-authority-data': base64(own.cert) };
    await write('cert.pem', first.cert);
    await write('key.pem', first.private);
    const { ask } = await clientBy(await write('k', config(server.url, user, trusting)));
    await ask();
    await ask();
    await write('cert.pem', second.cert);
    await write('key.pem', second.private);
    await ask();
    expect(names).toEqual(['first', 'first', 'second']);
    return undefined;
  });
});
