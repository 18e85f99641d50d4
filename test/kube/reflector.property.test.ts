import fc from 'fast-check';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { KubeApiError } from '../../src/kube/api-error.ts';
import { Cache } from '../../src/kube/cache.ts';
import { Reflector } from '../../src/kube/reflector.ts';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { environmentError } from '../../src/lib/errors.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { CacheFollower, sorted } from './cache-follower.ts';
import { gone, KEPT, ModelServer, THINGS, type Thing } from './reflector-model.ts';

const FAULTS = {
  gone: gone(),
  broken: environmentError('KUBE_WATCH_BROKEN', 'it ends within a frame'),
  slow: new KubeApiError('etcd is slow', { status: 500, reason: 'InternalError' }),
};

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
const fault = fc.constantFrom(...(Object.keys(FAULTS) as (keyof typeof FAULTS)[]));

/** What happens to the server, and to the connections. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('put'),
      name,
      value: fc.nat(3),
      kept: fc.boolean(),
      // The writer's answer: before the watch's event, long after it, or lost.
      answerMs: fc.option(fc.constantFrom(0, 5, 30, 500, 20_000), { freq: 2, nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete'), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('recreate'), name }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('advance'),
      ms: fc.constantFrom(0, 5, 10, 15, 40, 1000, 40_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('call'),
      method: fc.constantFrom('bookmark', 'compact', 'end', 'silence'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('replay'), count: fc.integer({ min: 1, max: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('break'), fault, late: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse'), fault }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

class World {
  readonly clock = new AdjustableClock();
  readonly server = new ModelServer(this.clock);
  readonly cache: Cache<Thing, 'value'>;
  readonly #selector: string | undefined;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(seed: number, labelSelector: string | undefined) {
    const log = pino({ level: 'silent' });
    this.#selector = labelSelector;
    this.cache = new Cache({ indexes: { value: ({ value }) => [String(value)] }, log });
    const reflector = new Reflector({
      client: this.server,
      resource: THINGS,
      scope: labelSelector === undefined ? {} : { labelSelector },
      cache: this.cache,
      clock: this.clock,
      random: seededRandom(seed),
      log,
    });
    this.#running = reflector.start(this.#stop.signal);
  }

  async run(step: Step): Promise<void> {
    const { clock, server } = this;
    switch (step.do) {
      case 'put':
        return this.#put(step);
      case 'recreate':
        server.delete(step.name);
        server.put(step.name, 9);
        return;
      case 'delete':
        return server.delete(step.name);
      case 'advance':
        return await clock.advanceAsync(step.ms);
      case 'replay':
        return server.replay(step.count);
      case 'break':
        return server.break(FAULTS[step.fault], step.late);
      case 'refuse':
        server.refusals.push(FAULTS[step.fault]);
        return;
      case 'call':
        return server[step.method]();
      default:
        step satisfies never;
    }
  }

  #put({ name, value, kept, answerMs }: Extract<Step, { readonly do: 'put' }>): void {
    const answer = this.server.put(name, value, kept);
    // What no selector matches is not for this cache.
    if (answerMs === undefined || (this.#selector && !kept)) return;
    this.clock.setTimer(answerMs, () => this.cache.observe(answer));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** Longer than the longest silence, and the waits after it. */
const CALM_MS = 5 * 60_000;

test('after whatever happened, the cache is what the server holds, and so is what listeners heard', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.constantFrom(undefined, KEPT),
      fc.nat(),
      async (steps, selector, seed) => {
        const world = new World(seed, selector);
        const follower = new CacheFollower(world.cache);
        for (const step of steps) {
          await world.run(step);
          follower.check();
        }
        await world.clock.advanceAsync(CALM_MS);
        follower.check();
        expect(world.cache.synced).toBe(true);
        expect(sorted(world.cache.list())).toEqual(sorted(world.server.objects(selector)));
        for (const value of ['0', '1', '2', '3', '9']) {
          const filed = sorted(world.cache.byIndex('value', value));
          expect(filed).toEqual(sorted(world.cache.list()).filter((it) => `${it.value}` === value));
        }
        await world.stop();
        expect(world.server.openWatches).toBe(0);
      },
    ),
    { numRuns: 1000 },
  );
});
