import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, onTestFailed, test } from 'vitest';
import { Cache } from '../../src/kube/cache.ts';
import { HttpKubeClient } from '../../src/kube/http-client.ts';
import { loadClusterAccess } from '../../src/kube/kubeconfig.ts';
import { Reflector, type ReflectorScope } from '../../src/kube/reflector.ts';
import { parseResourceVersion } from '../../src/kube/resource-version.ts';
import { CONFIG_MAPS, type ConfigMap, NAMESPACES } from '../../src/kube/well-known.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type Random, seededRandom, systemRandom } from '../../src/lib/random.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import {
  type ApiFaultProxy,
  type ApiFaults,
  type FrameFault,
  type RequestFault,
  startApiFaultProxy,
  statusObject,
  type WatchFrame,
} from '../support/api-fault-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { CacheFollower, sorted } from './cache-follower.ts';

/** Short enough that each fault is met and overcome many times in a test. */
const IMPATIENT = {
  backoff: { initialMs: 10, maxMs: 100 },
  watchTimeoutMs: 3000,
  stallTimeoutMs: 200,
};
const SELECTOR = 'kept=yes';

describeWithApiServer('a reflector before a real API server', ({ kubeconfig }) => {
  let namespace: string;
  let proxy: ApiFaultProxy;
  /** Goes straight to the API server. */
  let direct: HttpKubeClient;
  let cache: Cache<ConfigMap>;
  let follower: CacheFollower<ConfigMap>;
  let stack: AsyncDisposableStack;

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    const access = await loadClusterAccess(kubeconfig);
    const options = {
      clock: systemClock,
      random: systemRandom,
      userAgent: 'test',
      rate: { perSecond: 2000, burst: 2000 },
    };
    proxy = stack.use(await startApiFaultProxy(access));
    direct = new HttpKubeClient({ access, ...options });
    stack.defer(() => direct.close());
    namespace = `reflector-${randomUUID().slice(0, 8)}`;
    await direct.create(NAMESPACES, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    stack.defer(() => direct.delete(NAMESPACES, { name: namespace }));
    const log = pino({ level: 'silent' });
    cache = new Cache({ log });
    follower = new CacheFollower(cache);
  });

  afterEach(() => stack.disposeAsync());

  /** Runs a reflector, behind the proxy, to the end of the test. */
  async function startReflector(scope: ReflectorScope): Promise<void> {
    const client = new HttpKubeClient({
      access: proxy.access,
      clock: systemClock,
      random: systemRandom,
      userAgent: 'test',
      rate: { perSecond: 2000, burst: 2000 },
    });
    stack.defer(() => client.close());
    const reflector = new Reflector({
      client,
      resource: CONFIG_MAPS,
      scope: { namespace, ...scope },
      cache,
      clock: systemClock,
      random: systemRandom,
      log: pino({ level: 'silent' }),
      timings: IMPATIENT,
      pageSize: 3,
    });
    const stop = new AbortController();
    const running = reflector.start(stop.signal);
    stack.defer(async () => {
      stop.abort();
      await running;
    });
    await cache.waitForSync(AbortSignal.timeout(20_000));
  }

  /** Makes the ConfigMap, or changes it; the answer is the writer's to observe. */
  function put(name: string, value: string, kept = true): Promise<ConfigMap> {
    const manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, labels: { kept: kept ? 'yes' : 'no' } },
      data: { value },
    };
    return direct.apply(CONFIG_MAPS, manifest, { fieldManager: 'test', force: true });
  }

  async function untilEqual(labelSelector: string): Promise<void> {
    const { items } = await direct.list(CONFIG_MAPS, { namespace, labelSelector });
    const expected = sorted(items).map(essence);
    await waitFor(
      'the cache to be what the server holds',
      () => {
        expect(sorted(cache.list()).map(essence)).toEqual(expected);
        return true;
      },
      { timeoutMs: 20_000 },
    );
    follower.check();
  }

  test.each([1, 2, 3])(
    'comes to hold what the server holds, whatever befalls it: %i',
    async (part) => {
      const seed = Math.floor(systemRandom() * 2 ** 31);
      onTestFailed(() => console.error(`seed of part ${part}: ${seed}`));
      const random = seededRandom(seed);
      const faults = randomFaults(random);
      for (const name of NAMES) await put(name, 'first');
      proxy.faults = faults;
      await startReflector({ labelSelector: SELECTOR });
      const answers: ConfigMap[] = [];
      for (let round = 0; round < 200 || faults.met.size < KINDS; round++) {
        const name = pick(random, NAMES);
        const kept = random() < 0.8;
        if (random() < 0.25) await direct.delete(CONFIG_MAPS, { name, namespace });
        else {
          const answer = await put(name, String(round), kept);
          if (kept && random() < 0.5) answers.push(answer);
        }
        if (random() < 0.3) for (const answer of answers.splice(0)) cache.observe(answer);
        if (random() < 0.02) proxy.cutAll();
        follower.check();
        if (round % 10 < 9) continue;
        // Otherwise later changes would hide what was lost.
        proxy.faults = {};
        await untilEqual(SELECTOR);
        proxy.faults = faults;
      }
      proxy.faults = {};
      for (const answer of answers) cache.observe(answer);
      await untilEqual(SELECTOR);
    },
  );

  test('reads its own writes before the watch brings them', async () => {
    await startReflector({});
    proxy.faults = { frame: () => ({ kind: 'stall' }) };
    const answer = await put('mine', 'one');
    cache.observe(answer);
    expect(cache.get(`${namespace}/mine`)?.data).toEqual({ value: 'one' });
    proxy.faults = {};
    await direct.delete(CONFIG_MAPS, { name: 'mine', namespace });
    await waitFor('the deletion', () => cache.get(`${namespace}/mine`) === undefined);
    follower.check();
  });

  test('lists when the server has forgotten the version', async () => {
    await put('old', 'one');
    cache.replace([], '1');
    await startReflector({ labelSelector: SELECTOR });
    await untilEqual(SELECTOR);
  });

  test('takes metadata alone where that is enough', async () => {
    await put('large', 'x'.repeat(10_000));
    await startReflector({ metadataOnly: true, fieldSelector: 'metadata.name=large' });
    const key = `${namespace}/large`;
    const first = cache.get(key);
    await put('other', 'z');
    await put('large', 'y'.repeat(10_000));
    await waitFor('the change', () => cache.get(key) !== first);
    expect(cache.get(key)).toMatchObject({ metadata: { name: 'large' } });
    expect(cache.get(key)).not.toHaveProperty('data');
    expect(cache.size).toBe(1);
  });
});

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

/** Four of requests and seven of frames: see {@link randomFaults}. */
const KINDS = 11;

/** What of an object tells one state from another. */
function essence({ metadata, data }: ConfigMap): object {
  const { name, uid, resourceVersion } = metadata;
  return { name, uid, resourceVersion, data };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

function versionOf({ object }: WatchFrame): bigint {
  return parseResourceVersion(object.metadata.resourceVersion);
}

/** One call or frame in a few suffers something. `met` holds the kinds that were met. */
function randomFaults(random: Random): Required<ApiFaults> & { readonly met: Set<string> } {
  const met = new Set<string>();
  const sent: WatchFrame[] = [];
  const some = <Fault extends RequestFault | FrameFault>(of: string, faults: Fault[]): Fault => {
    const fault = pick(random, faults);
    met.add(`${of} ${fault.kind}`);
    return fault;
  };
  return {
    met,
    request({ query }) {
      const refused = { kind: 'answer', status: 500, reason: 'InternalError' } as const;
      const expired = { kind: 'answer', status: 410, reason: 'Expired' } as const;
      const busy = { kind: 'answer', status: 429, reason: 'TooManyRequests' } as const;
      if (query.has('continue') && random() < 0.1) return expired;
      if (random() > 0.25) return undefined;
      return some<RequestFault>('request', [
        refused,
        expired,
        { ...busy, retryAfterSeconds: 0 },
        { kind: 'cut', when: 'before' },
        { kind: 'cut', when: 'after' },
        { kind: 'truncate' },
        { kind: 'delay', ms: 20 },
      ]);
    },
    frame(frame) {
      if (frame.type === 'ERROR') return undefined;
      // No server sends a later frame first, and one of a watch that broke may never have arrived.
      const isEarlier = (other: WatchFrame): boolean => versionOf(other) < versionOf(frame);
      const earlier = sent.filter((other) => isEarlier(other) && random() < 0.2).slice(-5);
      sent.push(frame);
      if (frame.type === 'BOOKMARK' && random() < 0.5) return { kind: 'drop' };
      if (random() > 0.2) return undefined;
      return some<FrameFault>('frame', [
        { kind: 'inject', frames: earlier },
        { kind: 'inject', frames: [frame, frame] },
        { kind: 'inject', frames: [{ type: 'ERROR', object: statusObject(410, 'Expired') }] },
        {
          kind: 'inject',
          frames: [{ type: 'ERROR', object: statusObject(500, 'InternalError') }],
        },
        { kind: 'truncate' },
        { kind: 'garble' },
        { kind: 'cut' },
        { kind: 'end' },
        { kind: 'stall' },
        { kind: 'delay', ms: 20 },
      ]);
    },
  };
}
