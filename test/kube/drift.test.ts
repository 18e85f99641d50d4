import { describe, expect, it } from 'vitest';
import { hasDrifted } from '../../src/kube/drift.ts';

const same: readonly [string, object, object][] = [
  ['fields of others', { spec: { a: 1 } }, { spec: { a: 1, b: 2 }, status: {} }],
  ['kind and version, which items of a list lack', { apiVersion: 'v1', kind: 'Pod' }, {}],
  ['what is undefined', { spec: { a: undefined } }, {}],
  ['empty maps, lists and strings', { metadata: { labels: {} }, spec: { a: [], b: '' } }, {}],
  [
    'quantities, however written',
    { resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5 } } },
    { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } },
  ],
  [
    'an injected container, and another order',
    { spec: { containers: [{ name: 'b' }, { name: 'a', image: 'x' }] } },
    { spec: { containers: [{ name: 'a', image: 'x' }, { name: 'mesh' }, { name: 'b' }] } },
  ],
  [
    'the default of a key',
    { spec: { ports: [{ port: 80 }] } },
    { spec: { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] } },
  ],
  [
    'defaults within an atomic list',
    { spec: { ingress: [{ ports: [{ port: 80 }] }] } },
    { spec: { ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }] } },
  ],
  [
    'finalizers of others',
    { metadata: { finalizers: ['a/b'] } },
    { metadata: { finalizers: ['x/y', 'a/b'] } },
  ],
];

const drifted: readonly [string, object, object][] = [
  ['a changed field', { spec: { a: 1 } }, { spec: { a: 2 } }],
  ['a removed field', { spec: { a: 1 } }, { spec: {} }],
  ['a removed false, whose default may be true', { spec: { a: false } }, { spec: {} }],
  ['a map in the place of a scalar', { spec: { a: 1 } }, { spec: { a: { b: 1 } } }],
  [
    'a port opened in a NetworkPolicy, whose ports are one writer’s',
    { spec: { ingress: [{ ports: [{ port: 80 }] }] } },
    { spec: { ingress: [{ ports: [{ port: 80 }, { port: 81 }] }] } },
  ],
  [
    'a selector with more in it, which selects less',
    { spec: { selector: { app: 'a' } } },
    { spec: { selector: { app: 'a', tier: 'b' } } },
  ],
  [
    'a selector of everything that was narrowed',
    { spec: { podSelector: {} } },
    { spec: { podSelector: { matchLabels: { a: 'b' } } } },
  ],
  [
    'a quantity of another size',
    { resources: { limits: { cpu: '1' } } },
    { resources: { limits: { cpu: '1m' } } },
  ],
  [
    'a number written otherwise where it is no quantity',
    { env: [{ name: 'A', value: '1000m' }] },
    { env: [{ name: 'A', value: '1' }] },
  ],
  [
    'a port of another protocol',
    { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'UDP' }] }] },
    { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'TCP' }] }] },
  ],
  ['an atomic list in another order', { args: ['a', 'b'] }, { args: ['b', 'a'] }],
];

describe('hasDrifted', () => {
  it.each(same)('overlooks %s', (_name, desired, live) => {
    expect(hasDrifted(desired, live)).toBe(false);
  });

  it.each(drifted)('sees %s', (_name, desired, live) => {
    expect(hasDrifted(desired, live)).toBe(true);
  });
});
