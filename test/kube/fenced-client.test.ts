import { expect, it } from 'vitest';
import { FencedClient } from '../../src/kube/fenced-client.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { environmentError } from '../../src/lib/errors.ts';
import { clientOf, type LocalServer, reply, serve } from './local-server.ts';

const ref = { namespace: 'tenantbot', name: 'it' };
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref };
const lost = (): never => {
  throw environmentError('LEASE_LOST', 'not sent');
};
const methods = ({ received }: LocalServer): string[] => received.map(({ method }) => method);

it('lets reads pass, and no write, once its fence refuses', async () => {
  const server = await serve((_, response) => reply(response, 200, object));
  const client = new FencedClient(clientOf(server.url), lost);
  await client.get(CONFIG_MAPS, ref);
  const writes = [
    client.create(CONFIG_MAPS, object),
    client.replace(CONFIG_MAPS, object),
    client.mergePatch(CONFIG_MAPS, ref, {}),
    client.apply(CONFIG_MAPS, object, { fieldManager: 'it' }),
    client.delete(CONFIG_MAPS, ref),
  ];
  for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'LEASE_LOST' });
  await client.get(CONFIG_MAPS, ref);
  expect(methods(server)).toEqual(['GET', 'GET']);
});

it('asks its fence when a write is sent, not when it was begun', async () => {
  let held = true;
  const first = Promise.withResolvers<() => void>();
  const server = await serve((_, response) => first.resolve(() => reply(response, 200, object)));
  // One connection: the second write waits for the answer to the first.
  const client = new FencedClient(clientOf(server.url, { connections: 1 }), () => {
    if (!held) lost();
  });
  const writes = [1, 2].map((each) => client.mergePatch(CONFIG_MAPS, ref, { each }));
  const outcomes = Promise.allSettled(writes);
  const answer = await first.promise;
  held = false;
  answer();
  expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(methods(server)).toEqual(['PATCH']);
});

it('asks its fence before each try', async () => {
  let held = true;
  const server = await serve(({ socket }) => {
    held = false;
    socket.destroy();
  });
  const client = new FencedClient(clientOf(server.url), () => {
    if (!held) lost();
  });
  const write = client.mergePatch(CONFIG_MAPS, ref, {});
  await expect(write).rejects.toMatchObject({ code: 'LEASE_LOST' });
  expect(methods(server)).toEqual(['PATCH']);
});
