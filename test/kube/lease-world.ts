import { Registry } from 'prom-client';
import { expect } from 'vitest';
import { Cache } from '../../src/kube/cache.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { Elector, type ElectorOptions } from '../../src/kube/elector.ts';
import type { Lease } from '../../src/kube/elector-record.ts';
import { DEFAULT_ELECTION_TIMINGS } from '../../src/kube/elector-timings.ts';
import type { Manifest } from '../../src/kube/resource.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { errorCode } from '../../src/lib/errors.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { LeaseServer } from './lease-server.ts';

type LeaseCall = 'get' | 'create' | 'replace';

/** A lease server, and what stands between it and its clients. */
export class World {
  /** For how long the process has been stopped: time passes, and no timer fires. */
  asleepMs = 0;
  readonly clock = new AdjustableClock({
    base: {
      wallMs: () => this.asleepMs,
      monotonicMs: () => this.asleepMs,
      setTimer: () => ({ cancel: () => undefined }),
    },
    startWallMs: 1_790_000_000_000,
  });
  readonly server = new LeaseServer();
  readonly registry = new Registry();
  readonly lines: string[] = [];
  readonly log = createLog({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => this.lines.push(line) },
  });
  /** What a watch has told; it hears nothing unless something is put here. */
  readonly watched = new Cache<Lease>({ log: this.log });
  /** Called with each call's kind before it is carried out; what it returns is waited for. */
  before: (call: LeaseCall) => Promise<void> | undefined = () => undefined;
  /** Likewise, after it. */
  after: (call: LeaseCall) => Promise<void> | undefined = () => undefined;

  readonly client = {
    get: () => this.#serve('get', () => this.server.get()),
    create: (_: unknown, manifest: Manifest) =>
      this.#serve('create', () => this.server.create(manifest)),
    replace: (_: unknown, manifest: Manifest) =>
      this.#serve('replace', () => this.server.replace(manifest)),
  } as unknown as KubeClient;

  /** Writes the record as somebody else. */
  write(spec: Lease['spec']): void {
    const metadata = this.server.lease?.metadata ?? { namespace: 'tenantbot', name: 'operator' };
    const manifest = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
    if (this.server.lease === undefined) this.server.create(manifest);
    else this.server.replace(manifest);
  }

  async #serve<T>(call: LeaseCall, serve: () => T): Promise<T> {
    await this.before(call);
    const result = serve();
    await this.after(call);
    return result;
  }
}

/** A candidate, and what has become of it. Its work ends as soon as it is told to, unless `stuck`. */
export class Candidate {
  readonly elector: Elector;
  readonly stop = new AbortController();
  readonly terms: number[] = [];
  readonly exits: string[] = [];
  /** Why guarded work was told to end. */
  readonly lost: string[] = [];
  /** What `start` has rejected with. */
  failure: string | undefined;
  stuck: Promise<void> | undefined;
  atWork = false;
  ended = false;

  constructor(world: World, options: Partial<ElectorOptions> = {}) {
    this.elector = new Elector({
      client: world.client,
      namespace: 'tenantbot',
      name: 'operator',
      identity: 'pod-0',
      timings: DEFAULT_ELECTION_TIMINGS,
      lead: (signal, term) => this.#work(signal, term),
      exit: ({ code }) => this.exits.push(code),
      clock: world.clock,
      random: () => 0.5,
      log: world.log,
      ...options,
    });
  }

  async run(): Promise<void> {
    try {
      await this.elector.start(this.stop.signal);
    } catch (error) {
      this.failure = errorCode(error);
    }
    this.ended = true;
  }

  async #work(signal: AbortSignal, term: number): Promise<void> {
    this.terms.push(term);
    this.atWork = true;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
    });
    if (errorCode(signal.reason) === 'LEASE_LOST') this.lost.push('LEASE_LOST');
    await this.stuck;
    this.atWork = false;
  }
}

/** A world in which `first` leads, and a moment after that. */
export async function createLedWorld(): Promise<{ world: World; first: Candidate }> {
  const world = new World();
  world.write({ holderIdentity: '', leaseTransitions: 7 });
  const first = new Candidate(world);
  void first.run();
  await world.clock.advanceAsync(1);
  expect([first.elector.isLeader(), first.atWork]).toEqual([true, true]);
  return { world, first };
}
