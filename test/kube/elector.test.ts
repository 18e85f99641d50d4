import { describe, expect, it } from 'vitest';
import { KubeApiError } from '../../src/kube/api-error.ts';
import { electionMetrics } from '../../src/kube/election-metrics.ts';
import { DEFAULT_ELECTION_TIMINGS } from '../../src/kube/elector-timings.ts';
import { Candidate, createLedWorld, World } from './lease-world.ts';

const refusal = (): Promise<never> =>
  Promise.reject(new KubeApiError('out of order', { status: 500, reason: 'InternalError' }));
const never = (): Promise<never> => new Promise(() => undefined);

describe('Elector', () => {
  it('takes a free lease at once, and renews it', async () => {
    const { world, first } = await createLedWorld();
    expect(first.terms).toEqual([8]);
    const { renewTime } = world.server.lease?.spec ?? {};
    expect(world.server.lease?.spec).toEqual({
      holderIdentity: expect.stringMatching(/^pod-0_.{8}$/) as string,
      leaseDurationSeconds: 6,
      leaseTransitions: 8,
      acquireTime: renewTime,
      renewTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string,
    });
    expect(first.elector.holder()).toBe(world.server.lease?.spec?.holderIdentity);
    await world.clock.advanceAsync(60_000);
    expect([first.elector.isLeader(), first.terms]).toEqual([true, [8]]);
    expect(world.server.lease?.spec?.renewTime).not.toBe(renewTime);
  });

  it('keeps what others have written to the Lease', async () => {
    const { world, first } = await createLedWorld();
    const lease = world.server.lease;
    world.server.replace({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...lease?.metadata, labels: { team: 'bots' } },
      spec: { ...lease?.spec, strategy: 'OldestEmulationVersion' },
    });
    await world.clock.advanceAsync(3000);
    expect(world.server.lease).toMatchObject({
      metadata: { labels: { team: 'bots' } },
      spec: { strategy: 'OldestEmulationVersion', leaseTransitions: 8 },
    });
    expect([first.elector.isLeader(), first.terms]).toEqual([true, [8]]);
  });

  it("waits for another's lease to run out by its own duration, counted from when it saw it", async () => {
    const world = new World();
    const past = '2001-01-01T00:00:00.000000Z';
    world.write({ holderIdentity: 'other', leaseDurationSeconds: 20, renewTime: past });
    const candidate = new Candidate(world);
    void candidate.run();
    await world.clock.advanceAsync(19_999);
    expect([candidate.terms, candidate.elector.holder()]).toEqual([[], 'other']);
    await world.clock.advanceAsync(2);
    expect(candidate.terms).toEqual([1]);
  });

  it('starts to wait anew whenever the record changes', async () => {
    const world = new World();
    const candidate = new Candidate(world);
    for (let second = 0; second < 30; second++) {
      world.write({ holderIdentity: 'other', leaseDurationSeconds: 3, renewTime: `${second}` });
      if (second === 0) void candidate.run();
      await world.clock.advanceAsync(1000);
    }
    expect(candidate.terms).toEqual([]);
    await world.clock.advanceAsync(4000);
    expect(candidate.terms).toEqual([1]);
  });

  it('makes the Lease where there is none, and waits for it to run out', async () => {
    const world = new World();
    const candidate = new Candidate(world);
    void candidate.run();
    await world.clock.advanceAsync(5900);
    expect([candidate.terms, candidate.elector.holder()]).toEqual([[], undefined]);
    await world.clock.advanceAsync(1400);
    expect(candidate.terms).toEqual([1]);
  });

  it('goes on leading when the Lease is deleted, whoever finds that first', async () => {
    const { world, first } = await createLedWorld();
    world.server.delete();
    await world.clock.advanceAsync(1000);
    expect(world.server.lease?.spec?.leaseTransitions).toBe(8);
    const second = new Candidate(world, { identity: 'pod-1' });
    void second.run();
    // The leader renews at every full second, the candidate looks a tenth later each time.
    await world.clock.advanceAsync(1050);
    world.server.delete();
    await world.clock.advanceAsync(100);
    expect(world.server.lease?.spec?.holderIdentity).toBe(first.elector.holder());
    await world.clock.advanceAsync(20_000);
    expect([first.terms, second.terms, first.atWork]).toEqual([[8], [], true]);
  });

  it('goes on leading when a candidate that knows an older record puts the Lease back', async () => {
    const { world, first } = await createLedWorld();
    world.server.delete();
    world.write({ holderIdentity: 'older', leaseDurationSeconds: 6, leaseTransitions: 3 });
    await world.clock.advanceAsync(20_000);
    expect([first.terms, first.atWork, world.server.lease?.spec?.leaseTransitions]).toEqual([
      [8],
      true,
      8,
    ]);
  });

  it('counts its time from when it sent the renewal', async () => {
    const { world, first } = await createLedWorld();
    // Sent at 1000, answered at 2400: good until 5000, and no answer comes after that one.
    let delayed = false;
    world.before = () => (delayed ? never() : undefined);
    world.after = (call) => {
      if (delayed || call !== 'replace') return undefined;
      delayed = true;
      return new Promise((resolve) => void world.clock.setTimer(1400, resolve));
    };
    await world.clock.advanceAsync(4997);
    expect([first.elector.isLeader(), first.atWork]).toEqual([true, true]);
    await world.clock.advanceAsync(3);
    expect([first.elector.isLeader(), first.atWork, first.lost]).toEqual([
      false,
      false,
      ['LEASE_LOST'],
    ]);
    expect(first.exits).toEqual([]);
  });

  it('survives calls that fail or hang for less than its deadline', async () => {
    const { world, first } = await createLedWorld();
    const answers = [never, refusal];
    world.before = () => answers.shift()?.();
    await world.clock.advanceAsync(60_000);
    expect([answers, first.terms, first.elector.isLeader()]).toEqual([[], [8], true]);
  });

  it('does not take a renewal whose answer was lost for a loss', async () => {
    const { world, first } = await createLedWorld();
    let lost = 0;
    world.after = (call) => (call === 'replace' && lost++ < 2 ? refusal() : undefined);
    await world.clock.advanceAsync(60_000);
    expect([lost > 2, first.terms, first.elector.isLeader()]).toEqual([true, [8], true]);
  });

  it('stops at once when somebody else holds the lease', async () => {
    const { world, first } = await createLedWorld();
    world.write({ ...world.server.lease?.spec, holderIdentity: 'usurper', leaseTransitions: 9 });
    await world.clock.advanceAsync(1000);
    expect([first.atWork, first.elector.isLeader(), first.elector.holder()]).toEqual([
      false,
      false,
      'usurper',
    ]);
    expect(world.server.lease?.spec?.holderIdentity).toBe('usurper');
    await world.clock.advanceAsync(8000);
    expect([first.terms, first.ended, first.failure]).toEqual([[8], true, 'LEASE_LOST']);
  });

  it('knows on waking that it slept for too long, before any timer has fired', async () => {
    const { world, first } = await createLedWorld();
    world.asleepMs += 4500;
    expect([first.elector.isLeader(), first.atWork]).toEqual([false, true]);
    await world.clock.advanceAsync(0);
    expect([first.atWork, first.lost, first.exits]).toEqual([false, ['LEASE_LOST'], []]);
  });

  it('ends the process on waking when somebody else may be at work by then', async () => {
    const { world, first } = await createLedWorld();
    world.asleepMs += 5500;
    await world.clock.advanceAsync(0);
    expect(first.exits).toEqual(['LEASE_OVERDUE']);
  });

  it('ends the process when guarded work does not stop in time', async () => {
    const { world, first } = await createLedWorld();
    first.stuck = never();
    world.before = never;
    await world.clock.advanceAsync(4000);
    expect([first.lost, first.exits]).toEqual([['LEASE_LOST'], []]);
    await world.clock.advanceAsync(1500);
    expect([first.exits, first.terms]).toEqual([['LEASE_OVERDUE'], [8]]);
    expect(world.lines.at(-1)).toContain('this process must end');
  });

  it('lets guarded work end within its grace, and itself then', async () => {
    const { world, first } = await createLedWorld();
    first.stuck = new Promise((resolve) => void world.clock.setTimer(5400, resolve));
    world.before = never;
    await world.clock.advanceAsync(5300);
    world.before = () => undefined;
    expect([first.atWork, first.ended]).toEqual([true, false]);
    await world.clock.advanceAsync(20_000);
    expect([first.exits, first.terms]).toEqual([[], [8]]);
    expect([first.failure, world.clock.pendingTimers]).toEqual(['LEASE_LOST', 0]);
  });

  it('renews while work ends, and releases the lease after it, for the next to take', async () => {
    const { world, first } = await createLedWorld();
    const second = new Candidate(world, { identity: 'pod-1' });
    void second.run();
    first.stuck = new Promise((resolve) => void world.clock.setTimer(30_000, resolve));
    first.stop.abort(new Error('told to stop'));
    await world.clock.advanceAsync(29_000);
    expect([first.elector.isLeader(), first.atWork, first.ended]).toEqual([true, true, false]);
    await world.clock.advanceAsync(1001);
    expect([first.elector.isLeader(), first.atWork, first.ended]).toEqual([false, false, true]);
    expect(world.server.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await world.clock.advanceAsync(1200);
    expect([second.terms, first.lost, first.exits]).toEqual([[9], [], []]);
    second.stop.abort();
    await world.clock.advanceAsync(1);
    expect([second.ended, world.clock.pendingTimers]).toEqual([true, 0]);
  });

  it('stops within bounds where the API server is away', async () => {
    const { world, first } = await createLedWorld();
    world.before = never;
    first.stop.abort(new Error('told to stop'));
    await world.clock.advanceAsync(1501);
    expect([first.ended, world.clock.pendingTimers]).toEqual([true, 0]);
  });

  it('leaves a lease alone that it has lost', async () => {
    const { world, first } = await createLedWorld();
    world.before = never;
    await world.clock.advanceAsync(4500);
    world.before = () => undefined;
    first.stop.abort(new Error('told to stop'));
    await world.clock.advanceAsync(10);
    expect([first.ended, world.server.lease?.spec?.holderIdentity]).toEqual([
      true,
      first.elector.holder(),
    ]);
  });

  it('leaves a lease alone that somebody else has taken unasked', async () => {
    const { world, first } = await createLedWorld();
    world.write({ ...world.server.lease?.spec, holderIdentity: 'usurper' });
    first.stop.abort(new Error('told to stop'));
    await world.clock.advanceAsync(10);
    expect([first.ended, world.server.lease?.spec?.holderIdentity]).toEqual([true, 'usurper']);
  });

  it('does not begin to work on a lease whose time has passed when it hears of it', async () => {
    const world = new World();
    world.write({ holderIdentity: '' });
    const candidate = new Candidate(world);
    world.after = (call) => {
      if (call === 'replace') world.asleepMs += 4000;
      return undefined;
    };
    void candidate.run();
    await world.clock.advanceAsync(5000);
    expect(candidate.terms).toEqual([]);
  });

  it('gives the lease up when work ends by itself, and rejects as it did', async () => {
    const world = new World();
    world.write({ holderIdentity: '' });
    const lead = (): Promise<void> => Promise.reject(new Error('the disk is full'));
    const { elector, stop } = new Candidate(world, { lead });
    await expect(elector.start(stop.signal)).rejects.toThrow('the disk is full');
    expect(world.server.lease?.spec).toMatchObject({ holderIdentity: '', leaseTransitions: 1 });
    expect([elector.isLeader(), world.clock.pendingTimers]).toEqual([false, 0]);
  });

  it('releases a lease that it got after it was told to stop', async () => {
    const world = new World();
    world.write({ holderIdentity: '' });
    const candidate = new Candidate(world);
    world.after = (call) => {
      if (call === 'replace') candidate.stop.abort(new Error('told to stop'));
      return undefined;
    };
    await candidate.run();
    expect([candidate.terms, world.server.lease?.spec?.holderIdentity]).toEqual([[], '']);
  });

  it('takes a lease as soon as it hears that it was released', async () => {
    const world = new World();
    world.write({ holderIdentity: 'other', leaseDurationSeconds: 6 });
    const { watched } = world;
    world.server.onWrite = (lease) => watched.observe(lease);
    const candidates = [0, 1, 2].map(
      (n) => new Candidate(world, { watched, identity: `pod-${n}` }),
    );
    for (const candidate of candidates) void candidate.run();
    await world.clock.advanceAsync(2000);
    world.write({ holderIdentity: '', leaseTransitions: 4 });
    await world.clock.advanceAsync(51);
    expect(candidates.flatMap(({ terms }) => terms)).toEqual([5]);
    let looks = 0;
    world.before = (call) => {
      if (call === 'get') looks++;
      return undefined;
    };
    await world.clock.advanceAsync(10_000);
    expect(looks).toBeLessThanOrEqual(2 * 10);
  });

  it('takes one that was released while it looked', async () => {
    const world = new World();
    world.write({ holderIdentity: 'other', leaseDurationSeconds: 6 });
    const { watched } = world;
    world.server.onWrite = (lease) => watched.observe(lease);
    let released = false;
    world.after = (call) => {
      if (call === 'get' && !released) {
        released = true;
        world.write({ holderIdentity: '', leaseTransitions: 4 });
      }
      return undefined;
    };
    const candidate = new Candidate(world, { watched });
    void candidate.run();
    await world.clock.advanceAsync(51);
    expect(candidate.terms).toEqual([5]);
  });

  it('is not misled by a watch that lags behind', async () => {
    const { world, first } = await createLedWorld();
    const old = world.server.lease ?? expect.unreachable();
    const { watched } = world;
    const second = new Candidate(world, { watched, identity: 'pod-1' });
    void second.run();
    await world.clock.advanceAsync(3000);
    watched.observe({ ...old, spec: { holderIdentity: '', leaseTransitions: 7 } });
    expect(second.elector.holder()).toBe(first.elector.holder());
    await world.clock.advanceAsync(10_000);
    expect([first.terms, second.terms, first.elector.isLeader()]).toEqual([[8], [], true]);
  });

  it('looks in turns as ever where the watch is silent', async () => {
    const { world, first } = await createLedWorld();
    const second = new Candidate(world, { watched: world.watched, identity: 'pod-1' });
    void second.run();
    await world.clock.advanceAsync(3000);
    first.stop.abort(new Error('told to stop'));
    await world.clock.advanceAsync(1201);
    expect(second.terms).toEqual([9]);
  });

  it('says once why it can not campaign', async () => {
    const world = new World();
    world.before = () =>
      Promise.reject(new KubeApiError('may not get leases', { status: 403, reason: 'Forbidden' }));
    const candidate = new Candidate(world);
    void candidate.run();
    await world.clock.advanceAsync(30_000);
    expect(world.lines.filter((line) => line.includes('may not get leases'))).toHaveLength(1);
    candidate.stop.abort();
  });

  it('has a new identity with each start', async () => {
    const { world, first } = await createLedWorld();
    const before = first.elector.holder();
    first.stop.abort();
    await world.clock.advanceAsync(1);
    const again = new AbortController();
    void first.elector.start(again.signal);
    await world.clock.advanceAsync(1);
    expect(first.elector.holder()).toMatch(/^pod-0_/);
    expect(first.elector.holder()).not.toBe(before);
    again.abort();
  });

  it.each([
    [{ leaseDurationMs: 1500 }, 'whole seconds'],
    [{ leaseDurationMs: 0 }, '1 s at least'],
    [{ renewDeadlineMs: 6000 }, 'below the lease duration'],
    [{ retryPeriodMs: 4000 }, 'above 1.2 times'],
    [{ retryPeriodMs: 0 }, 'above 0'],
  ])('refuses timings such as %o', (timings, problem) => {
    const merged = { ...DEFAULT_ELECTION_TIMINGS, ...timings };
    expect(() => new Candidate(new World(), { timings: merged })).toThrow(problem);
  });

  it("counts under client-go's names", async () => {
    const world = new World();
    world.write({ holderIdentity: '' });
    const metrics = electionMetrics(world.registry)('operator');
    const candidate = new Candidate(world, { metrics });
    const status = async (): Promise<string> => await world.registry.metrics();
    expect(await status()).toContain('leader_election_master_status{name="operator"} 0\n');
    void candidate.run();
    let failures = 0;
    world.after = (call) => (call === 'replace' && failures++ === 1 ? refusal() : undefined);
    await world.clock.advanceAsync(3500);
    for (const line of [
      'leader_election_master_status{name="operator"} 1',
      'leader_election_slowpath_total{name="operator"} 1',
      'leader_election_renew_failures_total{name="operator"} 1',
      'leader_election_renew_duration_seconds_count{name="operator"} 2',
    ]) {
      expect(await status()).toContain(`${line}\n`);
    }
    candidate.stop.abort();
  });
});
