import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/controller/fleet/decide.ts';
import type { KubeObject, OwnerReference } from '../../../src/kube/resource.ts';
import {
  type FleetParts,
  gathered,
  meta,
  newBots,
  placedBot,
  SETTINGS,
  storedFleet,
} from './fleets.ts';

function plan(parts: FleetParts) {
  return decide(gathered(parts), SETTINGS, 0);
}

function shards(parts: FleetParts): number | undefined {
  const decided = plan(parts);
  return decided.kind === 'build' ? decided.shards : undefined;
}

const WEBHOOK = { webhook: { publicUrl: 'https://bots.example.com' } };
const sharding = { botsPerShard: 10, minShards: 1, maxShards: 3 };
const object = storedFleet({ sharding });

describe('a fleet has', () => {
  it.each<[string, FleetParts, number]>([
    ['as few shards as it may while there are no bots', { object }, 1],
    ['a shard more for one bot more than fits', { object, bots: newBots(11) }, 2],
    ['no shard more while they just fit', { object, bots: newBots(10) }, 1],
    ['no more shards than it may', { object, bots: newBots(99) }, 3],
    ['every shard that a bot has its place on', { object, bots: [placedBot(2)] }, 3],
    ['those too that are above the most there may be', { object, bots: [placedBot(6)] }, 7],
    ['no shard for a place in another fleet', { object, bots: [placedBot(2, 'other')] }, 1],
    ['a shard for a place that is not written yet', { object, reserved: new Map([[1, 1]]) }, 2],
    ['no shard where the last place was given up', { object, reserved: new Map([[1, 0]]) }, 1],
    [
      'no shard for the place of a bot that rests',
      { object, bots: [placedBot(1, 'default', true)] },
      1,
    ],
    ['one for every lost one', { object, bots: newBots(11), lost: new Set([1]) }, 3],
    [
      'what it has, while one fewer would be almost full',
      { object, bots: newBots(10), status: { shards: 2 } },
      2,
    ],
  ])('%s', (_, parts, count) => {
    expect(shards(parts)).toBe(count);
  });
});

describe('a fleet that', () => {
  it('is being deleted is left to the garbage collector', () => {
    const deletionTimestamp = '2026-01-02T00:00:00Z';
    expect(plan({ object: storedFleet({}, { deletionTimestamp }) })).toEqual({ kind: 'leave' });
  });

  it('nobody can read keeps what it has', () => {
    const decided = plan({ object: storedFleet({ sharding: { botsPerShrad: 1 } }) });
    expect(decided).toMatchObject({
      kind: 'keep',
      message: expect.stringContaining('spec.sharding.botsPerShrad: is not a known field'),
    });
  });
});

describe('an object that is there', () => {
  const owner = (change: Partial<OwnerReference>): Partial<KubeObject['metadata']> => ({
    ownerReferences: [
      {
        apiVersion: 'tenantbot.dev/v1alpha1',
        kind: 'BotFleet',
        name: 'default',
        uid: 'uid-of-default',
        controller: true,
        ...change,
      },
    ],
  });
  const managed = { labels: { 'app.kubernetes.io/managed-by': 'tenantbot-operator' } };

  it.each<[string, Partial<KubeObject['metadata']>, object]>([
    ['belongs to the fleet: is applied', owner({}), { kind: 'apply' }],
    [
      'is going: is waited for',
      { ...owner({}), deletionTimestamp: 'x' },
      { kind: 'wait', whose: 'own' },
    ],
    [
      'goes with the fleet before: is waited for',
      owner({ uid: 'old' }),
      { kind: 'wait', whose: 'former' },
    ],
    ['was left behind: is taken over', managed, { kind: 'apply' }],
    [
      'is of another fleet: stays',
      owner({ name: 'other', uid: 'o' }),
      { kind: 'refuse', message: expect.stringContaining('belongs to BotFleet other') },
    ],
    [
      "is somebody's own: stays",
      {},
      { kind: 'refuse', message: expect.stringContaining('Service tenantbot-default was made by') },
    ],
  ])('and %s', (_, metadata, step) => {
    const live = { Service: { metadata: meta('tenantbot-default', metadata) } };
    const decided = plan({ live });
    expect(decided.kind === 'build' && decided.steps.Service).toMatchObject(step);
  });

  it.each<[string, object, Partial<KubeObject['metadata']> | undefined, object]>([
    ['wanted and missing', WEBHOOK, undefined, { kind: 'apply' }],
    ['wanted and there', WEBHOOK, owner({}), { kind: 'apply' }],
    ["wanted and somebody's", WEBHOOK, {}, { kind: 'refuse' }],
    ['neither wanted nor there', {}, undefined, { kind: 'ignore' }],
    ['there and no longer wanted', {}, owner({}), { kind: 'remove' }],
    ["not wanted and somebody's", {}, {}, { kind: 'ignore' }],
  ])('and is the Service for webhooks, %s', (_, spec, metadata, step) => {
    const live = metadata && {
      WebhookService: { metadata: meta('tenantbot-default-webhook', metadata) },
    };
    const decided = plan({ object: storedFleet(spec), ...(live && { live }) });
    expect(decided.kind === 'build' && decided.steps.WebhookService).toMatchObject(step);
  });

  it('and can not be changed is made anew', () => {
    const spec = { podManagementPolicy: 'OrderedReady', template: {} };
    const live = { StatefulSet: { metadata: meta('tenantbot-default', owner({})), spec } };
    const decided = plan({ live });
    expect(decided.kind === 'build' && decided.steps.StatefulSet).toEqual({
      kind: 'replace',
      field: 'serviceName',
    });
  });
});
