import { expect, test } from 'vitest';
import type { AdminBackend } from '../../../src/admin/backend.ts';
import { leaderAdmin } from '../../../src/controller/admin-api/leader-admin.ts';
import { issueCertificate, makeAuthority } from '../../../src/lib/certificates.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { freePort } from '../../../src/lib/free-port.ts';
import { RetryStatistics } from '../../../src/runtime/pipeline/retries/retry-statistics.ts';
import { ANA, BACKEND, BOB, openAdmin } from '../../admin/support/admin-world.ts';

const LEADER = 'localhost';
const validity = { fromMs: Date.now() - 60_000, toMs: Date.now() + 3_600_000 };

/** A replica that leads, one that does not, and where the second looks for the first. */
async function replicas({ leads = true }: { readonly leads?: boolean } = {}) {
  const [own, given] = await Promise.all([
    makeAuthority('own', validity),
    makeAuthority('x', validity),
  ]);
  const shown = await issueCertificate(given, ['admin.example'], validity);
  const ours = await issueCertificate(own, [LEADER], validity);
  const retries = new RetryStatistics(systemClock);
  const audited: string[] = [];
  const leader: AdminBackend = {
    ...BACKEND,
    retries,
    askLeader: () => Promise.reject(new Error('there is nobody further')),
    leader: () => ({ holder: 'one', isThis: leads, term: 1, since: null }),
    audit: ({ actor, action }) => audited.push(`${actor} ${action}`),
  };
  const first = await openAdmin(
    { names: [LEADER], certificate: (name) => (name === LEADER ? ours : shown) },
    { backend: leader },
  );
  const askLeader = leaderAdmin({ url: `https://${LEADER}:${first.port}`, ca: () => own.cert });
  const second = await openAdmin(
    {},
    {
      backend: {
        ...BACKEND,
        askLeader,
        leader: () => ({ holder: 'one', isThis: false, term: 1, since: null }),
      },
    },
  );
  const ask = async (method: string, path: string, headers: Record<string, string>) => {
    const response = await fetch(second.url + path, { method, headers });
    return { status: response.status, body: await response.json() };
  };
  return { ask, retries, audited };
}

test('what the leader alone knows is asked of it, as whoever asks', async () => {
  const { ask, retries, audited } = await replicas();
  retries.count('sendMessage', 'network', 'retried');
  const line = { method: 'sendMessage', category: 'network', outcome: 'retried', count: 1 };
  expect(await ask('GET', '/v1/retries', ANA)).toMatchObject({
    status: 200,
    body: { retries: [line] },
  });
  expect(await ask('POST', '/v1/retries/reset', BOB)).toMatchObject({ status: 403 });
  expect(await ask('POST', '/v1/retries/reset', ANA)).toMatchObject({
    status: 200,
    body: { retries: [line] },
  });
  expect(retries.snapshot().retries).toEqual([]);
  expect(audited).toEqual(['ana reset-retries']);
});

test('one that leads no more sends nobody on', async () => {
  const { ask } = await replicas({ leads: false });
  expect(await ask('GET', '/v1/retries', ANA)).toMatchObject({
    status: 503,
    body: { code: 'NOT_LEADER' },
  });
});

test('a leader that does not answer is told of', async () => {
  const askLeader = leaderAdmin({ url: `https://${LEADER}:${await freePort()}`, ca: () => '' });
  const backend: AdminBackend = { ...BACKEND, askLeader };
  const { url } = await openAdmin({}, { backend });
  const response = await fetch(`${url}/v1/retries`, { headers: ANA });
  expect(await response.json()).toMatchObject({ status: 503, code: 'LEADER_AWAY' });
});
