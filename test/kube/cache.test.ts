import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { Cache } from '../../src/kube/cache.ts';
import type { KubeObject } from '../../src/kube/resource.ts';

interface Pet extends KubeObject {
  readonly owners: readonly string[];
  readonly notes?: string;
}

function pet(
  name: string,
  version: number,
  changes: { uid?: string; owners?: string[] } = {},
): Pet {
  return {
    metadata: {
      name,
      namespace: 'zoo',
      uid: changes.uid ?? `uid-${name}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    owners: changes.owners ?? [],
    notes: 'long',
  };
}

interface Heard {
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A cache that was listed at version 100 with `pets`, and the versions that its listener heard. */
function petCache(...pets: Pet[]): { cache: Cache<Pet, 'owner'>; heard: Heard[] } {
  const log = pino({ level: 'silent' });
  const cache = new Cache<Pet, 'owner'>({ indexes: { owner: ({ owners }) => owners }, log });
  cache.replace(pets, '100');
  const heard: Heard[] = [];
  cache.subscribe(({ key, before, after }) => {
    heard.push({
      key,
      before: before?.metadata.resourceVersion,
      after: after?.metadata.resourceVersion,
    });
  });
  return { cache, heard };
}

describe('a list', () => {
  test('is heard as what it changes', () => {
    const { cache, heard } = petCache(pet('cat', 10), pet('dog', 20), pet('emu', 30));
    cache.replace([pet('cat', 10), pet('dog', 110), pet('fox', 120)], '130');
    expect(heard).toEqual([
      { key: 'zoo/emu', before: '30', after: undefined },
      { key: 'zoo/dog', before: '20', after: '110' },
      { key: 'zoo/fox', before: undefined, after: '120' },
    ]);
    expect(cache.resourceVersion).toBe('130');
  });

  test('older than what was seen changes nothing', () => {
    const { cache, heard } = petCache(pet('cat', 10));
    expect(cache.replace([], '99')).toBe(false);
    expect(heard).toEqual([]);
    expect(cache.get('zoo/cat')).toBeDefined();
  });

  test('does not take out what was observed after it', () => {
    const { cache } = petCache();
    cache.observe(pet('cat', 150));
    cache.observe(pet('dog', 110));
    cache.replace([], '120');
    expect([...cache.list()].map(({ metadata }) => metadata.name)).toEqual(['cat']);
  });

  test('counts as the first only when it is complete', () => {
    const cache = new Cache<Pet>({ log: pino({ level: 'silent' }) });
    cache.observe(pet('cat', 150));
    expect(cache.synced).toBe(false);
    cache.replace([], '100');
    expect(cache.synced).toBe(true);
  });
});

describe('an event', () => {
  test('compares versions as numbers', () => {
    const { cache, heard } = petCache(pet('cat', 99));
    cache.apply({ type: 'MODIFIED', object: pet('cat', 1000) });
    cache.apply({ type: 'MODIFIED', object: pet('cat', 999) });
    cache.apply({ type: 'MODIFIED', object: pet('cat', 1000) });
    expect(heard).toEqual([{ key: 'zoo/cat', before: '99', after: '1000' }]);
    cache.apply({ type: 'MODIFIED', object: pet('cat', 2 ** 53) });
    cache.apply({
      type: 'MODIFIED',
      object: {
        ...pet('cat', 0),
        metadata: { ...pet('cat', 0).metadata, resourceVersion: '9007199254740993' },
      },
    });
    expect(heard).toHaveLength(3);
  });

  test('that repeats an addition after the deletion brings nothing back', () => {
    const { cache } = petCache(pet('cat', 10));
    cache.apply({ type: 'DELETED', object: pet('cat', 110) });
    cache.apply({ type: 'MODIFIED', object: pet('cat', 105) });
    expect(cache.size).toBe(0);
  });

  test('of an older deletion does not take out what came after', () => {
    const { cache, heard } = petCache();
    cache.observe(pet('cat', 150, { uid: 'second' }));
    cache.apply({ type: 'DELETED', object: pet('cat', 140, { uid: 'first' }) });
    cache.apply({ type: 'ADDED', object: pet('cat', 150, { uid: 'second' }) });
    expect(heard).toEqual([{ key: 'zoo/cat', before: undefined, after: '150' }]);
  });

  test('of the deletion by a change that was observed takes the object out', () => {
    // The selector no longer matches: the deletion bears the version of the change.
    const { cache } = petCache(pet('cat', 10));
    cache.observe(pet('cat', 110));
    cache.apply({ type: 'DELETED', object: pet('cat', 110) });
    expect(cache.size).toBe(0);
  });

  test('of another object under the same name is a deletion and an addition', () => {
    const { cache, heard } = petCache(pet('cat', 10));
    cache.apply({ type: 'MODIFIED', object: pet('cat', 110, { uid: 'second' }) });
    expect(heard).toEqual([
      { key: 'zoo/cat', before: '10', after: undefined },
      { key: 'zoo/cat', before: undefined, after: '110' },
    ]);
  });

  test('without a version that is a number is refused in words', () => {
    const { cache } = petCache();
    const object = {
      ...pet('cat', 0),
      metadata: { ...pet('cat', 0).metadata, resourceVersion: 'x' },
    };
    expect(() => cache.apply({ type: 'ADDED', object })).toThrow('the resourceVersion "x"');
    expect(cache.size).toBe(0);
  });

  test('that is a bookmark moves the version, never back', () => {
    const { cache } = petCache();
    cache.apply({ type: 'BOOKMARK', resourceVersion: '1000' });
    cache.apply({ type: 'BOOKMARK', resourceVersion: '999' });
    expect(cache.resourceVersion).toBe('1000');
  });
});

describe('an answer that was observed', () => {
  test('is read at once, and not heard again when the watch brings it', () => {
    const { cache, heard } = petCache(pet('cat', 10));
    cache.observe(pet('cat', 110));
    expect(cache.get('zoo/cat')?.metadata.resourceVersion).toBe('110');
    cache.apply({ type: 'MODIFIED', object: pet('cat', 110) });
    expect(heard).toEqual([{ key: 'zoo/cat', before: '10', after: '110' }]);
  });

  test('too late does not bring back what was deleted since', () => {
    const { cache } = petCache(pet('cat', 10));
    cache.apply({ type: 'DELETED', object: pet('cat', 111) });
    cache.observe(pet('cat', 110));
    expect(cache.size).toBe(0);
  });
});

test('a transform sheds what nobody reads', () => {
  const cache = new Cache<Pet>({
    transform: ({ notes: _notes, ...object }) => object,
    log: pino({ level: 'silent' }),
  });
  cache.replace([], '100');
  cache.apply({ type: 'ADDED', object: pet('cat', 110) });
  cache.observe(pet('dog', 111));
  expect([...cache.list()].map(({ notes }) => notes)).toEqual([undefined, undefined]);
});

test('a listener or an index that throws breaks neither the cache nor its neighbours', () => {
  const lines: string[] = [];
  const cache = new Cache<Pet, 'owner' | 'name'>({
    indexes: {
      owner: ({ owners, metadata }) => {
        if (metadata.name === 'cat') throw new Error('cats have no owners');
        return owners;
      },
      name: ({ metadata }) => [metadata.name],
    },
    log: pino({}, { write: (line: string) => lines.push(line) }),
  });
  const heard: string[] = [];
  cache.subscribe(() => {
    throw new Error('no time');
  });
  cache.subscribe(({ key }) => heard.push(key));
  cache.replace([pet('cat', 1, { owners: ['ann'] }), pet('dog', 2, { owners: ['ann'] })], '100');
  expect(heard).toEqual(['zoo/cat', 'zoo/dog']);
  expect(cache.byIndex('owner', 'ann').map(({ metadata }) => metadata.name)).toEqual(['dog']);
  expect(cache.byIndex('name', 'cat')).toHaveLength(1);
  expect(lines.join('')).toContain('no time');
  expect(lines.join('')).toContain('cats have no owners');
});

test('who no longer listens hears nothing', () => {
  const { cache } = petCache();
  const heard: string[] = [];
  const stop = cache.subscribe(({ key }) => heard.push(key));
  cache.observe(pet('cat', 110));
  stop();
  cache.observe(pet('cat', 111));
  expect(heard).toEqual(['zoo/cat']);
});

test('an index gives the same array until an object of it changes', () => {
  const { cache } = petCache(
    pet('cat', 10, { owners: ['ann', 'bob'] }),
    pet('dog', 11, { owners: ['bob'] }),
  );
  const ofAnn = cache.byIndex('owner', 'ann');
  cache.apply({ type: 'MODIFIED', object: pet('dog', 110, { owners: ['bob', 'bob'] }) });
  expect(cache.byIndex('owner', 'ann')).toBe(ofAnn);
  expect(cache.byIndex('owner', 'bob')).toHaveLength(2);
  cache.apply({ type: 'DELETED', object: pet('cat', 111) });
  expect(cache.byIndex('owner', 'ann')).toEqual([]);
});
