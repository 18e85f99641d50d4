import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Elector } from '../../src/kube/elector.ts';
import { LEASES } from '../../src/kube/elector-record.ts';
import { loadClusterAccess } from '../../src/kube/kubeconfig.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { errorCode } from '../../src/lib/errors.ts';
import { seededRandom, systemRandom } from '../../src/lib/random.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { makeNamespace } from '../cluster/namespace.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { startApiFaultProxy } from '../support/api-fault-proxy.ts';
import { type Program, startScript } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import { apiWorld, connect } from './api-world.ts';
import { SHORT_TIMINGS } from './candidate-timings.ts';

/** What a candidate's program tells. */
interface Line {
  readonly event: 'starts' | 'leads' | 'acts' | 'ended' | 'unblocked' | 'stopped';
  readonly identity: string;
  readonly term?: number;
  readonly atMs: number;
}

const PROGRAM = fileURLToPath(new URL('candidate-program.ts', import.meta.url));
const { leaseDurationMs, retryPeriodMs } = SHORT_TIMINGS;

/** Three candidates in processes of their own, over one Lease. */
class Candidates implements AsyncDisposable {
  readonly programs: readonly Program[];
  readonly #namespace: AsyncDisposable;

  constructor(programs: readonly Program[], namespace: AsyncDisposable) {
    this.programs = programs;
    this.#namespace = namespace;
  }

  static async start(kubeconfig: string): Promise<Candidates> {
    const namespace = await makeNamespace(kubeconfig);
    const names = ['pod-0', 'pod-1', 'pod-2'];
    const programs = await Promise.all(
      names.map((name) => startScript(PROGRAM, { args: [kubeconfig, namespace.name, name] })),
    );
    return new Candidates(programs, namespace);
  }

  get lines(): readonly Line[] {
    return this.programs
      .flatMap(({ output }) => output.split('\n').filter((line) => line.startsWith('{"event"')))
      .map((line) => JSON.parse(line) as Line)
      .toSorted((a, b) => a.atMs - b.atMs);
  }

  /** Resolves once somebody is at work in a term above `term`; `atMs` is when that began. */
  async leaderAfter(term: number): Promise<{ program: Program; term: number; atMs: number }> {
    const acts = await waitFor(
      'the next leader',
      () => {
        const acts = this.lines.filter((line) => line.event === 'acts' && (line.term ?? 0) > term);
        return acts.length >= 10 && acts;
      },
      { timeoutMs: 30_000, intervalMs: 50 },
    );
    const line = acts[0] ?? expect.unreachable();
    const program = this.programs[Number(line.identity.slice(-1))] ?? expect.unreachable();
    return { program, term: line.term ?? 0, atMs: line.atMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.programs.map((program) => program[Symbol.asyncDispose]()));
    await this.#namespace[Symbol.asyncDispose]();
  }
}

/** Nobody has acted after somebody of a later term had begun to. */
function expectOneAtATime(lines: readonly Line[]): void {
  const acts = lines.filter(({ event }) => event === 'acts' || event === 'leads');
  const terms = acts.map(({ term }) => term ?? 0);
  expect(terms).toEqual(terms.toSorted((a, b) => a - b));
}

describeWithApiServer('an elector before a real API server', ({ kubeconfig }) => {
  const world = apiWorld(kubeconfig);

  it('replaces a leader that was killed, and one that stops, one at a time', async () => {
    await using candidates = await Candidates.start(kubeconfig);
    const first = await candidates.leaderAfter(0);
    const killedMs = Date.now();
    await first.program.stop('SIGKILL');
    const second = await candidates.leaderAfter(first.term);
    const stoppedMs = Date.now();
    expect(await second.program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    const third = await candidates.leaderAfter(second.term);

    const afterKillMs = second.atMs - killedMs;
    const afterStopMs = third.atMs - stoppedMs;
    console.log(`next leader ${afterKillMs} ms after a kill, ${afterStopMs} ms after a stop`);
    expect(afterKillMs).toBeLessThan(leaseDurationMs + retryPeriodMs + 1000);
    expect(afterStopMs).toBeLessThan(leaseDurationMs / 2);
    expectOneAtATime(candidates.lines);
  });

  it('ends a leader that was stopped for too long as soon as it wakes', async () => {
    await using candidates = await Candidates.start(kubeconfig);
    const first = await candidates.leaderAfter(0);
    first.program.signal('SIGSTOP');
    const second = await candidates.leaderAfter(first.term);
    const wokenMs = Date.now();
    first.program.signal('SIGCONT');
    expect(await first.program.exited).toEqual({ code: 70, signal: null });
    expect(Date.now() - wokenMs).toBeLessThan(leaseDurationMs);
    expect(second.program.ended).toBe(false);
    expectOneAtATime(candidates.lines);
  });

  it('ends a leader whose event loop was blocked for too long', async () => {
    await using candidates = await Candidates.start(kubeconfig);
    const first = await candidates.leaderAfter(0);
    await first.program.ask(leaseDurationMs * 2);
    const second = await candidates.leaderAfter(first.term);
    expect(await first.program.exited).toEqual({ code: 70, signal: null });
    expect(second.program.ended).toBe(false);
    expectOneAtATime(candidates.lines);
  });

  it('keeps its leader when the Lease is deleted', async () => {
    const { client, namespace } = world;
    const ref = { namespace, name: 'deleted' };
    const stop = new AbortController();
    const terms: number[] = [];
    const electors = Array.from({ length: 3 }, (_, index) =>
      newElector({ client, name: ref.name, namespace, index, terms }),
    );
    const running = electors.map((elector) => elector.start(stop.signal));
    await waitFor('a leader', () => electors.some((elector) => elector.isLeader()));
    for (let round = 0; round < 3; round++) {
      const { metadata } = await client.get(LEASES, ref);
      await client.delete(LEASES, ref);
      const isAnew = async (): Promise<boolean> =>
        (await client.get(LEASES, ref)).metadata.uid !== metadata.uid;
      await waitFor('the Lease to be back', isAnew);
      await sleep(retryPeriodMs);
    }
    await sleep(leaseDurationMs);
    expect(terms).toEqual([1]);
    expect(electors.filter((elector) => elector.isLeader())).toHaveLength(1);
    stop.abort();
    await Promise.all(running);
    expect((await client.get(LEASES, ref)).spec?.holderIdentity).toBe('');
  });

  it('never has two leaders while a third of all calls fails', async () => {
    const { namespace } = world;
    const random = seededRandom(4);
    const stop = new AbortController();
    await using proxy = await startApiFaultProxy(await loadClusterAccess(kubeconfig));
    const client = await connect(kubeconfig, { access: proxy.access });
    const terms: number[] = [];
    const electors: Elector[] = [];
    let started = 0;
    /** One that has lost its Lease ends its process, and another is started in its place. */
    const campaign = async (place: number): Promise<void> => {
      while (!stop.signal.aborted) {
        const life = new AbortController();
        const index = started++;
        const exit = (): void => life.abort();
        electors[place] = newElector({ client, name: 'faults', namespace, index, terms, exit });
        const signal = AbortSignal.any([stop.signal, life.signal]);
        await electors[place].start(signal).catch((error: unknown) => {
          if (errorCode(error) !== 'LEASE_LOST') throw error;
        });
      }
    };
    const running = [0, 1, 2].map(campaign);
    await waitFor('a leader', () => electors.some((elector) => elector.isLeader()));
    proxy.faults = {
      request: () => {
        const draw = random();
        if (draw < 0.1) return { kind: 'cut', when: 'before' };
        if (draw < 0.2) return { kind: 'cut', when: 'after' };
        if (draw < 0.3) return { kind: 'delay', ms: random() * 3000 };
        return draw < 0.35 ? { kind: 'answer', status: 500, reason: 'InternalError' } : undefined;
      },
    };
    const endMs = performance.now() + 12_000;
    let most = 0;
    while (performance.now() < endMs) {
      most = Math.max(most, electors.filter((elector) => elector.isLeader()).length);
      await sleep(2);
    }
    proxy.faults = {};
    await waitFor('a leader', () => electors.some((elector) => elector.isLeader()));
    expect(most).toBe(1);
    expect(terms).toEqual(terms.toSorted((a, b) => a - b));
    stop.abort();
    await Promise.all(running);
    await client.close();
  });
});

function newElector(options: {
  readonly client: ConstructorParameters<typeof Elector>[0]['client'];
  readonly namespace: string;
  readonly name: string;
  readonly index: number;
  /** Gets the term of each leader. */
  readonly terms: number[];
  /** Ends its process. */
  readonly exit?: (error: Error) => void;
}): Elector {
  const { client, namespace, name, index, terms } = options;
  return new Elector({
    client,
    namespace,
    name,
    identity: `pod-${index}`,
    timings: SHORT_TIMINGS,
    async lead(signal, term) {
      terms.push(term);
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve);
      });
    },
    exit: options.exit ?? ((error) => expect.unreachable(error.message)),
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: 'fatal', format: 'json', destination: { write: () => undefined } }),
  });
}
