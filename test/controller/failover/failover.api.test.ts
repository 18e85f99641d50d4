import { request } from 'node:https';
import { expect, it, vi } from 'vitest';
import { SYNC_PATH } from '../../../src/control/messages.ts';
import { LEASES } from '../../../src/kube/elector-record.ts';
import { DEFAULT_ELECTION_TIMINGS, RETRY_JITTER } from '../../../src/kube/elector-timings.ts';
import { loadClusterAccess } from '../../../src/kube/kubeconfig.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { startApiFaultProxy } from '../../support/api-fault-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import type { AuditedElection, AuditedTerm } from './audited-terms.ts';
import { type Replica, Replicas } from './replicas.ts';

const AFTER_KILL_MS = 9_000;
const HOUR_MS = 3_600_000;
/** Less than a look's time: whoever stands by hears of it. */
const AFTER_RELEASE_MS = 500;
/** From a write's being carried out to a line in the books, and a candidate's look. */
const SLACK_MS = 1_000;
const TIMEOUT_MS = 180_000;

describeWithApiServer('when the leader of the operator fails', ({ kubeconfig, auditLog = '' }) => {
  vi.setConfig({ testTimeout: TIMEOUT_MS });
  const named = auditLog === '';
  const open = () => Replicas.open({ kubeconfig, auditLog });

  it.skipIf(named)('by kill -9, or is told to stop: the next one is at work in time', async () => {
    const { leaseDurationMs, retryPeriodMs } = DEFAULT_ELECTION_TIMINGS;
    await using replicas = await open();
    await Promise.all([1, 2, 3].map(() => replicas.start()));
    const first = await replicas.leader();
    const killedMs = Date.now();
    await first.program.stop('SIGKILL');
    const second = await replicas.leader(first);
    const stoppedMs = Date.now();
    expect(await second.program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    await replicas.leader(second);

    const { terms, ...rest } = await replicas.election();
    expect(rest).toEqual({ violations: [], refused: [] });
    const [one, two, three] = terms as [AuditedTerm, AuditedTerm, AuditedTerm];
    expect(terms.map(({ term }) => term)).toEqual([one.term, one.term + 1, one.term + 2]);
    const [afterKillMs, afterStopMs] = [atWorkMs(two) - killedMs, atWorkMs(three) - stoppedMs];
    console.log(`at work ${afterKillMs} ms after kill -9, ${afterStopMs} ms after a stop`);
    const waitedMs = two.takenMs - one.renewedMs;
    expect(waitedMs).toBeGreaterThanOrEqual(leaseDurationMs);
    const lookMs = retryPeriodMs * (1 + RETRY_JITTER);
    expect(waitedMs).toBeLessThan(leaseDurationMs + lookMs + SLACK_MS);
    expect(afterKillMs).toBeLessThan(AFTER_KILL_MS);
    expect(two.released).toBe(true);
    // How long its work took to end is not the election's: what follows then is.
    expect(three.takenMs - two.renewedMs).toBeLessThan(AFTER_RELEASE_MS);
  });

  it.skipIf(named).each([
    ['stopped by a signal for longer than its lease', pauseBySignal],
    ['blocked for longer than its lease', blockItsLoop],
  ])('being %s: it ends and has committed nothing since', async (_, pause) => {
    await using replicas = await open();
    await Promise.all([1, 2].map(() => replicas.start()));
    const first = await replicas.leader();
    const stop = new AbortController();
    const changing = replicas.keepChanging(stop.signal);
    await replicas.untilServed();
    const wake = await pause(first);
    await replicas.leader(first);
    wake();
    expect(await first.program.exited).toEqual({ code: 70, signal: null });
    stop.abort();
    await changing;
    await replicas.untilServed();
    const election = await replicas.election();
    expectHandover(election, first);
  });

  it.skipIf(named)(
    'cut off from writing while it can read: what arrives late is refused',
    async () => {
      await using proxy = await startApiFaultProxy(await loadClusterAccess(kubeconfig));
      await using replicas = await open();
      const first = await replicas.start(proxy.access);
      expect(await replicas.leader()).toBe(first);
      await replicas.start();
      // They lie somewhere on the way, and go on to the API server whatever becomes of the sender.
      const arrive = Promise.withResolvers<void>();
      let held = 0;
      proxy.faults = {
        request: ({ method, path }) => {
          if (method === 'GET') return undefined;
          if (path.endsWith('/status')) held++;
          return { kind: 'hold', until: arrive.promise };
        },
      };
      await replicas.change();
      await waitFor('writes to be held', () => held > 3);
      await replicas.leader(first);
      proxy.faults = {};
      arrive.resolve();
      const election = await waitFor('what was held to arrive', async () => {
        const election = await replicas.election();
        return election.refused.length === held && election;
      });
      expectHandover(election, first);
      expect(new Set(election.refused.map(({ status }) => status))).toEqual(new Set([409]));
      // Its leading has ended in time, and then it has itself.
      expect(first.program.output).toContain('leads no more');
      expect(await first.program.exited).toEqual({ code: 1, signal: null });
      expect(first.program.output).toContain('LEASE_LOST');
    },
  );

  it.skipIf(named)(
    'cut off from the API server alone: it serves no runtime any more when another leads',
    async () => {
      await using proxy = await startApiFaultProxy(await loadClusterAccess(kubeconfig));
      await using replicas = await open();
      const first = await replicas.start(proxy.access);
      await replicas.leader();
      await replicas.start();
      const stop = new AbortController();
      const served = lastServed(first, stop.signal);
      await replicas.untilServed();
      proxy.faults = { request: () => ({ kind: 'cut', when: 'before' }) };
      proxy.cutAll();
      await replicas.leader(first);
      stop.abort();
      const { terms, ...rest } = await replicas.election();
      expect(rest).toEqual({ violations: [], refused: [] });
      expect(await served).toBeLessThan(terms.at(-1)?.takenMs ?? 0);
      expect(await first.program.exited).toEqual({ code: 1, signal: null });
    },
  );

  it.skipIf(named)('loses its Lease, or its clock is turned: it goes on', async () => {
    await using replicas = await open();
    await Promise.all([1, 2].map(() => replicas.start()));
    const first = await replicas.leader();
    const { metadata } = await replicas.lease();
    await replicas.client.delete(LEASES, metadata);
    await waitFor('the Lease to be back', async () => {
      const { metadata: now } = await replicas.lease();
      return now.uid !== metadata.uid;
    });
    for (const byMs of [HOUR_MS, -2 * HOUR_MS]) {
      await first.ask({ kind: 'turn-clock', byMs });
      await untilRenewed(replicas, 3);
      await replicas.untilServed();
    }
    const { terms, violations } = await replicas.election();
    expect(violations).toEqual([]);
    expect(terms).toHaveLength(1);
    await first.program.stop('SIGKILL');
    await replicas.leader(first);
    expectHandover(await replicas.election(), first);
  });
});

/** When the leader of `term` had first done something. */
function atWorkMs({ writes: [first] }: AuditedTerm): number {
  return first?.answeredMs ?? expect.unreachable('a leader has done nothing');
}

/** Led by `before` at first and by another at last, and nothing done out of turn. */
function expectHandover({ terms, violations }: AuditedElection, before: Replica): void {
  expect(violations).toEqual([]);
  const [first, last] = [terms.at(0), terms.at(-1)];
  expect(first?.by).toContain(before.name);
  expect(last?.by).not.toContain(before.name);
  expect(last?.writes).not.toEqual([]);
}

/** Resolves with what wakes it. */
async function pauseBySignal({ program }: Replica): Promise<() => void> {
  program.signal('SIGSTOP');
  return () => program.signal('SIGCONT');
}

async function blockItsLoop({ ask }: Replica): Promise<() => void> {
  await ask({ kind: 'block', forMs: 2 * DEFAULT_ELECTION_TIMINGS.leaseDurationMs });
  return () => undefined;
}

async function untilRenewed(replicas: Replicas, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const before = (await replicas.lease()).spec?.renewTime;
    await waitFor('the Lease to be renewed', async () => {
      return (await replicas.lease()).spec?.renewTime !== before;
    });
  }
}

/** Asks a replica all the time whether it serves runtimes; resolves with when it last did. */
async function lastServed({ controlPort }: Replica, signal: AbortSignal): Promise<number> {
  let lastMs = 0;
  while (!signal.aborted) {
    // Whoever does not lead says so before it asks for a token.
    if ((await statusOf(controlPort)) === 401) lastMs = Date.now();
  }
  return lastMs;
}

function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const options = { method: 'POST', rejectUnauthorized: false, port, path: SYNC_PATH };
    const sent = request(options, (response) => {
      response.resume().once('close', () => resolve(response.statusCode));
    });
    sent.once('error', () => resolve(undefined)).end();
  });
}
