import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasDrifted } from '../../src/kube/drift.ts';

/**
 * A pod template in small, with every way in which the API server merges: maps, a list by one key,
 * a list by two keys, a set, an atomic list of maps, an atomic map, scalars.
 */
interface Shape {
  readonly metadata: {
    readonly labels?: Record<string, string>;
    readonly finalizers?: readonly string[];
  };
  readonly spec: {
    readonly paused?: boolean;
    readonly nodeSelector?: Record<string, string>;
    readonly tolerations?: readonly { readonly key?: string; readonly operator?: string }[];
    readonly containers?: readonly Container[];
  };
}

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly containerPort: number; readonly protocol: string }[];
}

const word = fc.constantFrom('a', 'b', 'c');
const words = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true });
/** Every field may be left out. */
const optional: { requiredKeys: [] } = { requiredKeys: [] };
const byName = { selector: (item: { name: string }) => item.name, maxLength: 3 };

const container = fc.record(
  {
    name: word,
    image: word,
    env: fc.uniqueArray(fc.record({ name: word, value: word }, { requiredKeys: ['name'] }), byName),
    ports: fc.uniqueArray(
      fc.record({
        containerPort: fc.constantFrom(80, 81),
        protocol: fc.constantFrom('TCP', 'UDP'),
      }),
      { selector: (port) => `${port.containerPort}/${port.protocol}`, maxLength: 3 },
    ),
  },
  { requiredKeys: ['name'] },
);

const shape: fc.Arbitrary<Shape> = fc.record({
  metadata: fc.record(
    { labels: words, finalizers: fc.uniqueArray(word, { maxLength: 3 }) },
    optional,
  ),
  spec: fc.record(
    {
      paused: fc.boolean(),
      nodeSelector: words,
      tolerations: fc.array(fc.record({ key: word, operator: word }, optional), { maxLength: 3 }),
      containers: fc.uniqueArray(container, byName),
    },
    optional,
  ),
});

/** What the API server makes of `live` when `desired` is applied by force, written out by hand. */
function applied(live: Shape, desired: Shape): Shape {
  return stored({
    metadata: {
      labels: { ...live.metadata.labels, ...desired.metadata.labels },
      finalizers: [
        ...new Set([...(live.metadata.finalizers ?? []), ...(desired.metadata.finalizers ?? [])]),
      ],
    },
    spec: {
      ...live.spec,
      ...desired.spec,
      ...(desired.spec.tolerations && {
        // Replaced as a whole; where an element stands as before, what the server filled in stays.
        tolerations: desired.spec.tolerations.map((toleration, index) => ({
          ...live.spec.tolerations?.[index],
          ...toleration,
        })),
      }),
      containers: merged(live.spec.containers, desired.spec.containers, {
        key: ({ name }) => name,
        merge: mergedContainer,
      }),
    },
  });
}

function mergedContainer(live: Container, desired: Container): Container {
  return {
    ...live,
    ...desired,
    env: merged(live.env, desired.env, { key: ({ name }) => name, merge: both }),
    ports: merged(live.ports, desired.ports, {
      key: ({ containerPort, protocol }) => `${containerPort}/${protocol}`,
      merge: both,
    }),
  };
}

function both<T extends object>(live: T, desired: T): T {
  return { ...live, ...desired };
}

function merged<T extends object>(
  live: readonly T[] = [],
  desired: readonly T[] = [],
  { key, merge }: { key: (item: T) => string; merge: (live: T, desired: T) => T },
): T[] {
  const wanted = new Map(desired.map((item) => [key(item), item]));
  const kept = live.map((item) => {
    const want = wanted.get(key(item));
    wanted.delete(key(item));
    return want ? merge(item, want) : item;
  });
  return [...kept, ...wanted.values()];
}

/** As the server keeps it: nothing empty. */
function stored(value: Shape): Shape {
  const prune = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.length === 0 ? undefined : part.map(prune);
    if (typeof part !== 'object' || part === null) return part;
    const fields = Object.entries(part)
      .map(([name, inner]) => [name, prune(inner)] as const)
      .filter(([, inner]) => inner !== undefined);
    return fields.length === 0 ? undefined : Object.fromEntries(fields);
  };
  const { metadata = {}, spec = {} } = (prune(value) ?? {}) as Partial<Shape>;
  return { metadata, spec };
}

describe('hasDrifted against a merge written out by hand', () => {
  it('says whether an apply would change anything', () => {
    fc.assert(
      fc.property(shape, shape, fc.boolean(), (desired, other, related) => {
        // Unrelated objects differ nearly always; what was applied once is the case that counts.
        const live = related ? applied(other, desired) : stored(other);
        const wouldChange = !isDeepStrictEqual(applied(live, desired), live);
        expect(hasDrifted(desired, live)).toBe(wouldChange);
      }),
      { numRuns: 3000 },
    );
  });

  it('sees one change of a foreign hand to what was applied', () => {
    fc.assert(
      fc.property(shape, shape, shape, (desired, first, foreign) => {
        const live = applied(applied(first, desired), foreign);
        const wouldChange = !isDeepStrictEqual(applied(live, desired), live);
        expect(hasDrifted(desired, live)).toBe(wouldChange);
      }),
      { numRuns: 3000 },
    );
  });
});
