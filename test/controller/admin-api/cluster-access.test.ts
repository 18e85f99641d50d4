import { expect, test } from 'vitest';
import { clusterAccess } from '../../../src/controller/admin-api/cluster-access.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { Manifest } from '../../../src/kube/resource.ts';
import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { Secret } from '../../../src/lib/secret.ts';

/** An API server that knows `good-…` tokens and lets ana do all; keeps what it was asked. */
function apiServer() {
  const asked: Manifest[] = [];
  let isAway = false;
  let isAllowed = true;
  const client = {
    async create(_resource: unknown, request: Manifest) {
      asked.push(request);
      await Promise.resolve();
      if (isAway) throw new Error('the API server is away');
      const spec = request['spec'] as { token?: string };
      const authenticated = spec.token?.startsWith('good-') === true;
      const user = { username: 'ana', groups: ['staff'] };
      return { status: { authenticated, allowed: isAllowed, ...(authenticated && { user }) } };
    },
  } as unknown as KubeClient;
  return {
    client,
    asked,
    away: (away: boolean) => {
      isAway = away;
    },
    allow: (allow: boolean) => {
      isAllowed = allow;
    },
  };
}

const { signal } = new AbortController();
const RIGHT = { verb: 'get', resource: 'tenantbots', part: 'usage', namespace: 'a' } as const;

test('the API server is asked once a minute, however many ask at once', async () => {
  const clock = new AdjustableClock();
  const server = apiServer();
  const access = clusterAccess(server.client, clock);
  const ask = async () => {
    const caller = await access.authenticate(new Secret('good-1'), signal);
    return caller && access.may(caller, RIGHT, signal);
  };
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([true, true, true]);
  expect(server.asked.map(({ kind }) => kind)).toEqual(['TokenReview', 'SubjectAccessReview']);
  expect(server.asked[1]?.['spec']).toEqual({
    user: 'ana',
    groups: ['staff'],
    resourceAttributes: {
      group: 'tenantbot.dev',
      verb: 'get',
      resource: 'tenantbots',
      subresource: 'usage',
      namespace: 'a',
    },
  });
  clock.advance(59_999);
  await ask();
  expect(server.asked).toHaveLength(2);
  clock.advance(2);
  await ask();
  expect(server.asked).toHaveLength(4);
});

test('what is refused is not held for long, and what failed not at all', async () => {
  const clock = new AdjustableClock();
  const server = apiServer();
  const access = clusterAccess(server.client, clock);
  server.away(true);
  await expect(access.authenticate(new Secret('good-1'), signal)).rejects.toThrow('is away');
  server.away(false);
  const caller = await access.authenticate(new Secret('good-1'), signal);
  if (!caller) throw new Error('ana is not known');
  server.allow(false);
  expect(await access.may(caller, RIGHT, signal)).toBe(false);
  server.allow(true);
  expect(await access.may(caller, RIGHT, signal)).toBe(false);
  clock.advance(10_001);
  expect(await access.may(caller, RIGHT, signal)).toBe(true);
  for (const round of [1, 2]) {
    expect(await access.authenticate(new Secret('bad'), signal)).toBeUndefined();
    expect(server.asked.filter(({ kind }) => kind === 'TokenReview')).toHaveLength(2 + round);
  }
});

test('a caller of somebody else’s making may nothing', async () => {
  const access = clusterAccess(apiServer().client, new AdjustableClock());
  expect(await access.may({ name: 'ana', token: new Secret('good-1') }, RIGHT, signal)).toBe(false);
});
