import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { isAlreadyExists, isStatus } from '../../src/kube/api-error.ts';
import type { WatchEvent } from '../../src/kube/client.ts';
import type { KubeObject, Manifest } from '../../src/kube/resource.ts';
import {
  CONFIG_MAPS,
  type ConfigMap,
  SELF_SUBJECT_ACCESS_REVIEWS,
  SERVICE_ACCOUNTS,
} from '../../src/kube/well-known.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { apiWorld, connect } from './api-world.ts';
import { collect } from './collect.ts';

describeWithApiServer('HttpKubeClient on the API server', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  function configMap(name: string, data: Record<string, string>): Manifest {
    const metadata = { name, namespace: world.namespace };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  }

  it('applies for one manager without touching the fields of another', async () => {
    const { client, namespace } = world;
    const apply = (manager: string, data: Record<string, string>, force = false) =>
      client.apply(CONFIG_MAPS, configMap('shared', data), { fieldManager: manager, force });
    await apply('one', { a: '1', b: '1' });
    await apply('two', { c: '2' });
    await expect(apply('two', { a: '2', c: '2' })).rejects.toSatisfy((error) =>
      isStatus(error, 409),
    );
    await apply('two', { a: '2' }, true);
    expect((await client.get(CONFIG_MAPS, { name: 'shared', namespace })).data).toEqual({
      a: '2',
      b: '1',
    });
  });

  it('tells a stale version from a name that is taken', async () => {
    const { client } = world;
    const first = await client.create(CONFIG_MAPS, configMap('once', { a: '1' }));
    await client.replace(CONFIG_MAPS, configMap('once', { a: '2' }));
    const { name, namespace, resourceVersion } = first.metadata;
    const patch = { metadata: { resourceVersion }, data: { a: '3' } };
    const stale = client.mergePatch(CONFIG_MAPS, { name, namespace }, patch);
    await expect(stale).rejects.toMatchObject({ status: 409, reason: 'Conflict' });
    const taken = client.create(CONFIG_MAPS, configMap('once', {}));
    await expect(taken).rejects.toSatisfy(isAlreadyExists);
  });

  it('writes nothing in a dry run', async () => {
    const { client, namespace } = world;
    await client.create(CONFIG_MAPS, configMap('dry', {}), { dryRun: true });
    const read = client.get(CONFIG_MAPS, { name: 'dry', namespace });
    await expect(read).rejects.toMatchObject({
      message: `get configmaps ${namespace}/dry: configmaps "dry" not found`,
      status: 404,
    });
  });

  it('deletes only the very object that is meant', async () => {
    const { client, namespace } = world;
    const { metadata } = await client.create(CONFIG_MAPS, configMap('gone', {}));
    const ref = { name: 'gone', namespace };
    const other = client.delete(CONFIG_MAPS, ref, { preconditions: { uid: 'other' } });
    await expect(other).rejects.toMatchObject({ status: 409 });
    await client.delete(CONFIG_MAPS, ref, { preconditions: { uid: metadata.uid } });
    await client.delete(CONFIG_MAPS, ref);
  });

  it('lists in pages and watches from where the list ended, metadata alone', async () => {
    const { client, namespace } = world;
    const labels = { listed: 'yes' };
    for (const name of ['l1', 'l2', 'l3']) {
      const object = configMap(name, { big: 'x'.repeat(1000) });
      await client.create(CONFIG_MAPS, { ...object, metadata: { ...object.metadata, labels } });
    }
    const options = { namespace, labelSelector: 'listed=yes', metadataOnly: true };
    const first = await client.list(CONFIG_MAPS, { ...options, limit: 2 });
    const rest = await client.list(CONFIG_MAPS, {
      ...options,
      limit: 2,
      continue: first.metadata.continue ?? '',
    });
    const items = [...first.items, ...rest.items];
    expect(items.map(({ metadata, data }) => [metadata.name, data])).toEqual([
      ['l1', undefined],
      ['l2', undefined],
      ['l3', undefined],
    ]);
    const { resourceVersion } = rest.metadata;
    await client.mergePatch(CONFIG_MAPS, { name: 'l1', namespace }, { data: { more: '1' } });
    await client.delete(CONFIG_MAPS, { name: 'l2', namespace });
    const seen: WatchEvent<ConfigMap>[] = [];
    const watch = client.watch(CONFIG_MAPS, { ...options, resourceVersion, timeoutSeconds: 30 });
    for await (const event of watch) if (seen.push(event) === 2) break;
    expect(seen).toMatchObject([
      { type: 'MODIFIED', object: { kind: 'PartialObjectMetadata', metadata: { name: 'l1' } } },
      { type: 'DELETED', object: { metadata: { name: 'l2' } } },
    ]);
  });

  it('watches until the server ends it, with a bookmark before', async () => {
    const options = { namespace: world.namespace, resourceVersion: '', timeoutSeconds: 2 };
    const page = await world.client.list(CONFIG_MAPS, options);
    const events = await collect(world.client.watch(CONFIG_MAPS, { ...options, ...page.metadata }));
    for (const event of events) expect(event.type).toBe('BOOKMARK');
  });

  it('asks what it may do', async () => {
    const review = await world.client.create(SELF_SUBJECT_ACCESS_REVIEWS, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      metadata: {},
      spec: { resourceAttributes: { verb: 'get', resource: 'secrets', namespace: 'default' } },
    });
    expect(review.status?.allowed).toBe(true);
  });

  it('goes on when the token in its file is replaced', async () => {
    const { client, namespace } = world;
    const [first, second] = [await token('first'), await token('second')];
    const folder = await mkdtemp(join(tmpdir(), 'rotation-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'kubeconfig');
    const content = parse(await readFile(kubeconfig, 'utf8')) as { users: { user: object }[] };
    for (const entry of content.users) entry.user = { tokenFile: 'token' };
    await writeFile(path, JSON.stringify(content));
    await writeFile(join(folder, 'token'), first.token);
    const rotating = await connect(path);
    onTestFinished(() => rotating.close());
    expect(await nameOf(rotating)).toBe(`system:serviceaccount:${namespace}:first`);
    await writeFile(join(folder, 'token'), second.token);
    await client.delete(SERVICE_ACCOUNTS, { name: 'first', namespace });
    expect(await nameOf(rotating)).toBe(`system:serviceaccount:${namespace}:second`);
  });

  async function token(name: string): Promise<{ token: string }> {
    const { client, namespace } = world;
    const metadata = { name, namespace };
    await client.create(SERVICE_ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const requests = { ...SERVICE_ACCOUNTS, plural: `serviceaccounts/${name}/token` };
    const request = await client.create<KubeObject & { status?: { token: string } }>(requests, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { namespace },
      spec: { expirationSeconds: 600 },
    });
    return request.status ?? expect.unreachable();
  }

  /** Who the API server says that the client is. */
  async function nameOf(client: typeof world.client): Promise<string | undefined> {
    const reviews = {
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'SelfSubjectReview',
      plural: 'selfsubjectreviews',
      namespaced: false,
    };
    type Review = KubeObject & { status?: { userInfo: { username: string } } };
    const review = await client.create<Review>(reviews, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: {},
    });
    return review.status?.userInfo.username;
  }
});
