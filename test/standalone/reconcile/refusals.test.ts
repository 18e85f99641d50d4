import { expect, test } from 'vitest';
import { parseBotFleet, parseTenantBot } from '../../../src/api/manifest.ts';
import type { Gathered, GatheredBot } from '../../../src/standalone/reconcile/gather.ts';
import { refusals } from '../../../src/standalone/reconcile/refusals.ts';
import { bot, fleet, forward } from '../../api/manifests/row.ts';

function value<T>(checked: { ok: true; value: T } | { ok: false; problems: unknown }): T {
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return checked.value;
}

function gathered(name: string, namespace: string, createdAt: string): GatheredBot {
  const manifest = value(
    parseTenantBot({ ...bot({ handlers: [forward()] }), metadata: { name, namespace } }),
  );
  return {
    id: `TenantBot/${namespace}/${name}`,
    key: `${namespace}/${name}`,
    identity: { uid: name, generation: 1, creationTimestamp: createdAt },
    manifest,
  } as GatheredBot;
}

function reasons(tenancy: object): Record<string, string> {
  const manifest = value(parseBotFleet(fleet({ tenancy })));
  const fleets = new Map([['default', { manifest }]]) as unknown as Gathered['fleets'];
  const bots = [
    gathered('newer', 'shop', '2026-01-02T00:00:00Z'),
    gathered('older', 'shop', '2026-01-01T00:00:00Z'),
    gathered('other', 'bank', '2026-01-03T00:00:00Z'),
  ];
  const found = refusals({ bots, fleets });
  return Object.fromEntries(Array.from(found, ([uid, { reason }]) => [uid, reason]));
}

test('a fleet takes bots as its rules say, by the name of the namespace and by age', () => {
  expect(reasons({})).toEqual({});
  expect(reasons({ maxBotsPerNamespace: 1 })).toEqual({ newer: 'TooManyBots' });
  const matchLabels = { 'kubernetes.io/metadata.name': 'bank' };
  expect(reasons({ namespaceSelector: { matchLabels } })).toEqual({
    newer: 'NamespaceNotAllowed',
    older: 'NamespaceNotAllowed',
  });
  expect(reasons({ allowedForwardHosts: ['*.example.com'] })).toEqual({});
  expect(Object.keys(reasons({ allowedForwardHosts: [] }))).toHaveLength(3);
});
