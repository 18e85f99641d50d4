import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Cache } from '../../src/kube/cache.ts';
import { MergedLister } from '../../src/kube/merged-lister.ts';
import type { KubeObject } from '../../src/kube/resource.ts';

function object(namespace: string, name: string, color: string): KubeObject {
  const metadata = { namespace, name, uid: `${namespace}/${name}`, resourceVersion: '1' };
  return { metadata: { ...metadata, creationTimestamp: '', labels: { color } } };
}

const byColor = ({ metadata }: KubeObject): string[] => [metadata.labels?.['color'] ?? ''];

function twoNamespaces() {
  const cache = () =>
    new Cache<KubeObject, 'color'>({ indexes: { color: byColor }, log: pino({ enabled: false }) });
  const caches = { a: cache(), b: cache() };
  return { ...caches, merged: new MergedLister(new Map(Object.entries(caches))) };
}

it('reads many caches as one', () => {
  const { a, b, merged } = twoNamespaces();
  a.replace([object('a', 'x', 'red'), object('a', 'y', 'blue')], '1');
  b.replace([object('b', 'x', 'red')], '1');

  expect(merged.size).toBe(3);
  expect(Array.from(merged.list(), ({ metadata }) => metadata.uid)).toEqual(['a/x', 'a/y', 'b/x']);
  expect(merged.get('b/x')?.metadata.uid).toBe('b/x');
  expect(merged.get('c/x')).toBeUndefined();
  expect(merged.byIndex('color', 'red').map(({ metadata }) => metadata.uid)).toEqual([
    'a/x',
    'b/x',
  ]);
});

it('is in step once each of them is', () => {
  const { a, b, merged } = twoNamespaces();
  a.replace([], '1');
  expect(merged.synced).toBe(false);
  b.replace([], '1');
  expect(merged.synced).toBe(true);
});

it('tells of the changes of each, until it is told to stop', () => {
  const { a, b, merged } = twoNamespaces();
  const heard: string[] = [];
  const stop = merged.subscribe(({ key }) => heard.push(key));
  a.replace([object('a', 'x', 'red')], '1');
  b.replace([object('b', 'y', 'red')], '1');
  stop();
  a.replace([], '2');
  expect(heard).toEqual(['a/x', 'b/y']);
});
