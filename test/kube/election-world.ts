import { expect } from 'vitest';
import { Cache } from '../../src/kube/cache.ts';
import type { CallOptions, KubeClient } from '../../src/kube/client.ts';
import { Elector } from '../../src/kube/elector.ts';
import type { Lease } from '../../src/kube/elector-record.ts';
import { DEFAULT_ELECTION_TIMINGS } from '../../src/kube/elector-timings.ts';
import { environmentError } from '../../src/lib/errors.ts';
import { type Random, seededRandom } from '../../src/lib/random.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { LeaseServer } from './lease-server.ts';
import { SimulatedProcess, SimulatedTime } from './simulated-world.ts';

/** Speeds of clocks: within what the elector's defaults allow for. */
const MAX_RATE_ERROR = 0.04;

export const FAULT_KINDS = ['pause', 'cut', 'crash', 'stop', 'delete', 'hang'] as const;

/** Something that goes wrong. */
export interface Fault {
  readonly kind: (typeof FAULT_KINDS)[number];
  readonly atMs: number;
  readonly candidate: number;
  readonly forMs: number;
}

/** One run of a program: a process with its elector, and the work that it guards. */
interface Candidate {
  readonly slot: number;
  readonly process: SimulatedProcess;
  readonly elector: Elector;
  readonly stop: AbortController;
  readonly watched: Cache<Lease>;
  /** The term in which guarded work runs. */
  atWork: number | undefined;
}

/**
 * Candidates with clocks of their own, a lease server, and a network between them that delays and
 * loses requests, answers and what a watch would tell. Fails as soon as two are at work.
 */
export class ElectionWorld {
  readonly time = new SimulatedTime();
  readonly server = new LeaseServer();
  readonly #random: Random;
  readonly #candidates: Candidate[] = [];
  /** Until when each slot can't reach the server, and its guarded work does not end when told to. */
  readonly #cutUntilMs: number[] = [];
  readonly #hangUntilMs: number[] = [];
  #healthy = false;
  #deleted = false;
  #lastTerm = 0;
  #acts = 0;
  /** What must not have happened. */
  readonly #violations: string[] = [];

  constructor(options: { readonly seed: number; readonly slots: number }) {
    this.#random = seededRandom(options.seed);
    this.server.onWrite = (lease) => this.#tell(lease);
    for (let slot = 0; slot < options.slots; slot++) {
      this.time.at(this.#random() * 2000, () => this.#start(slot));
    }
  }

  /** Things that were done by a leader so far. */
  get acts(): number {
    return this.#acts;
  }

  /** Who is at work now. */
  get atWork(): readonly Candidate[] {
    return this.#candidates.filter(
      ({ process, atWork }) => atWork !== undefined && !process.dead && !process.paused,
    );
  }

  inject(fault: Fault): void {
    this.time.at(fault.atMs, () => this.#break(fault));
  }

  async runUntil(endMs: number): Promise<void> {
    await this.time.runUntil(endMs, () => this.#check());
  }

  /** From now on nothing goes wrong any more. Pauses that have begun still last. */
  heal(): void {
    this.#healthy = true;
    this.#cutUntilMs.length = 0;
    this.#hangUntilMs.length = 0;
  }

  #check(): void {
    const atWork = this.atWork.map(({ slot }) => slot);
    if (atWork.length > 1) this.#violations.push(`at work at once: ${atWork.join()}`);
    // Also those that are paused: whoever wakes must know at once.
    const leaders = this.#candidates.filter(
      ({ process, elector }) => !process.dead && elector.isLeader(),
    );
    if (leaders.length > 1) this.#violations.push('two believe that they lead');
    expect(this.#violations, `at ${this.time.nowMs} ms`).toEqual([]);
  }

  #break({ kind, candidate: slot, forMs }: Fault): void {
    const candidate = this.#candidates.findLast((other) => other.slot === slot);
    switch (kind) {
      case 'pause':
        candidate?.process.pause(forMs);
        break;
      case 'cut':
        this.#cutUntilMs[slot] = this.time.nowMs + forMs;
        break;
      case 'hang':
        this.#hangUntilMs[slot] = this.time.nowMs + forMs;
        break;
      case 'crash':
        if (candidate) this.#end(candidate, forMs);
        break;
      case 'stop':
        candidate?.stop.abort(new Error('told to stop'));
        break;
      case 'delete':
        this.server.delete();
        this.#deleted = true;
        break;
    }
  }

  #start(slot: number): void {
    const rate = 1 + (this.#random() * 2 - 1) * MAX_RATE_ERROR;
    const process = new SimulatedProcess({ time: this.time, random: this.#random, rate });
    const stop = new AbortController();
    const log = createLog({
      level: 'fatal',
      format: 'json',
      destination: { write: () => undefined },
    });
    const watched = new Cache<Lease>({ log });
    const elector = new Elector({
      client: this.#client(slot, process),
      namespace: 'tenantbot',
      name: 'operator',
      watched,
      identity: `pod-${slot}`,
      timings: DEFAULT_ELECTION_TIMINGS,
      lead: (signal, term) => this.#work(candidate, signal, term),
      exit: () => this.#end(candidate, 500),
      clock: process,
      random: this.#random,
      log,
    });
    const candidate: Candidate = { slot, process, elector, stop, watched, atWork: undefined };
    this.#candidates.push(candidate);
    const ended = (): void => this.#end(candidate, 500);
    void elector.start(stop.signal).then(ended, ended);
  }

  /** Every candidate hears of a write some time later, or never. */
  #tell(lease: Lease): void {
    for (const { slot, process, watched } of this.#candidates) {
      if (process.dead || this.#isLost(slot)) continue;
      const hear = (): void => process.deliver(() => watched.observe(lease));
      this.time.at(this.time.nowMs + this.#travelMs(), hear);
    }
  }

  /** The process is gone; another takes its place. */
  #end(candidate: Candidate, restartInMs: number): void {
    if (candidate.process.dead) return;
    candidate.process.kill();
    this.time.at(this.time.nowMs + restartInMs, () => this.#start(candidate.slot));
  }

  async #work(candidate: Candidate, signal: AbortSignal, term: number): Promise<void> {
    candidate.atWork = term;
    const { process, slot } = candidate;
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void process.setTimer(ms, resolve));
    const hangs = (): boolean => this.time.nowMs < (this.#hangUntilMs[slot] ?? 0);
    while (!signal.aborted || hangs()) {
      if (candidate.elector.isLeader()) this.#act(candidate, term);
      await pause(250);
    }
    await pause(this.#random() * 100);
    candidate.atWork = undefined;
  }

  /** What only a leader may do: nobody else may be about to, and its term must not be an old one. */
  #act(candidate: Candidate, term: number): void {
    const others = this.atWork.filter((other) => other !== candidate);
    for (const { slot } of others) {
      this.#violations.push(`${slot} at work while ${candidate.slot} acts`);
    }
    if (term < this.#lastTerm && !this.#deleted) {
      this.#violations.push(`an act of term ${term} after one of term ${this.#lastTerm}`);
    }
    this.#lastTerm = term;
    this.#acts++;
  }

  #client(slot: number, process: SimulatedProcess): KubeClient {
    const { server } = this;
    const call = <T>(serve: () => T): Promise<T> => this.#call({ slot, process }, serve);
    const client: Pick<KubeClient, 'get' | 'create' | 'replace'> = {
      get: <T>(_: unknown, __: unknown, options?: CallOptions) =>
        call(() => checked(server.get(), options) as T),
      create: <T>(_: unknown, manifest: Parameters<KubeClient['create']>[1]) =>
        call(() => server.create(manifest) as T),
      replace: <T>(_: unknown, manifest: Parameters<KubeClient['replace']>[1]) =>
        call(() => server.replace(manifest) as T),
    };
    return client as KubeClient;
  }

  /** A request and its answer, each of which may take long or be lost. */
  #call<T>(
    { slot, process }: { readonly slot: number; readonly process: SimulatedProcess },
    serve: () => T,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const arrivesMs = this.time.nowMs + this.#travelMs();
    const lost = this.#isLost(slot);
    this.time.at(arrivesMs, () => {
      if (lost) return;
      let answer: () => void;
      try {
        const result = serve();
        answer = () => resolve(result);
      } catch (error) {
        answer = () => reject(error);
      }
      if (this.#isLost(slot)) {
        // It took effect; the caller hears of a broken connection, or nothing ever.
        if (this.#random() < 0.5) return;
        answer = () => reject(environmentError('ECONNRESET', 'connection lost'));
      }
      this.time.at(this.time.nowMs + this.#travelMs(), () => process.deliver(answer));
    });
    return promise;
  }

  #isLost(slot: number): boolean {
    if (this.#healthy) return false;
    return this.time.nowMs < (this.#cutUntilMs[slot] ?? 0) || this.#random() < 0.05;
  }

  #travelMs(): number {
    const slow = !this.#healthy && this.#random() < 0.1;
    return slow ? this.#random() * 5000 : 1 + this.#random() * 30;
  }
}

function checked(lease: Lease, options: CallOptions | undefined): Lease {
  expect(options).toMatchObject({
    priority: 'election',
    signal: expect.any(AbortSignal) as object,
  });
  return structuredClone(lease);
}
