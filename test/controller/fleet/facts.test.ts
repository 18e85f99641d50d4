import { describe, expect, it } from 'vitest';
import type { Applied } from '../../../src/controller/fleet/apply.ts';
import { decide } from '../../../src/controller/fleet/decide.ts';
import { eventsBetween, movesEvent } from '../../../src/controller/fleet/events.ts';
import { fleetFacts } from '../../../src/controller/fleet/facts.ts';
import type { ContainerStatus, Pod, StatefulSet } from '../../../src/kube/well-known.ts';
import type { Move } from '../../../src/planner/fleet-state.ts';
import {
  type FleetParts,
  gathered,
  meta,
  newBots,
  placedBot,
  SETTINGS,
  storedFleet,
} from './fleets.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const object = storedFleet({ sharding: { minShards: 2 } });

const statefulSet: StatefulSet = {
  metadata: meta('tenantbot-default', { generation: 4 }),
  spec: { replicas: 2, template: {} },
  status: { observedGeneration: 4, updateRevision: 'new' },
};

function pod(ordinal: number, revision = 'new', status: Partial<Pod['status']> = {}): Pod {
  return {
    metadata: meta(`tenantbot-default-${ordinal}`, {
      labels: { 'controller-revision-hash': revision },
    }),
    status: { conditions: [{ type: 'Ready', status: 'True' }], ...status },
  };
}

function container(ordinal: number, restartCount: number, reason?: string): Pod {
  const waiting: ContainerStatus = {
    name: 'runtime',
    restartCount,
    state: reason === undefined ? {} : { waiting: { reason, message: 'secret "x" not found' } },
  };
  return pod(ordinal, 'new', { conditions: [], containerStatuses: [waiting] });
}

function facts(parts: FleetParts, applied: Partial<Applied> = {}) {
  const fleet = gathered({ object, ...parts });
  const plan = decide(fleet, SETTINGS, NOW);
  if (plan.kind === 'leave') throw new Error('the fleet is going');
  const nothing = { problem: undefined, waiting: false, written: [], replaced: undefined };
  return fleetFacts(fleet, plan, { statefulSet, ...nothing, ...applied }, NOW);
}

describe('the facts of a fleet', () => {
  it('count shards and bots', () => {
    const bots = [placedBot(0), ...newBots(2)];
    expect(facts({ bots, pods: [pod(0), pod(1, 'new', { conditions: [] })] })).toMatchObject({
      shards: 2,
      readyShards: 1,
      perShard: [
        { shard: 0, ready: true, bots: 1 },
        { shard: 1, ready: false, bots: 0 },
      ],
      outdatedShards: 0,
      drainingShards: 0,
      bots: 3,
      wantingBots: 3,
      readyBots: 1,
      botsPerShard: 200,
      maxShards: 100,
    });
  });

  it('take a pod that is going for none at work', () => {
    const going = { ...pod(0), metadata: meta('x', { deletionTimestamp: 'x' }) };
    expect(facts({ pods: [going, pod(1)] }).readyShards).toBe(1);
  });

  it('take pods of the fleet before for none at work', () => {
    const former = { apiVersion: 'tenantbot.dev/v1alpha1', kind: 'BotFleet', name: 'default' };
    const ownerReferences = [{ ...former, uid: 'old', controller: true }];
    const left = { ...statefulSet, metadata: meta('tenantbot-default', { ownerReferences }) };
    const pods = [pod(0), pod(1)];
    const waiting = { waiting: true, statefulSet: left };
    expect(facts({ pods, live: { StatefulSet: left } }, waiting)).toMatchObject({
      readyShards: 0,
      trouble: expect.stringContaining('have to go first'),
    });
    // One that is made anew for the sake of a field keeps its pods.
    expect(facts({ pods }, { waiting: true, replaced: 'x' }).readyShards).toBe(2);
  });

  it('count the pods of the template before', () => {
    expect(facts({ pods: [pod(0), pod(1, 'old')] }).outdatedShards).toBe(1);
  });

  it('count every pod as outdated until the newest template has been looked at', () => {
    const metadata = meta('tenantbot-default', { generation: 5 });
    const written = { ...statefulSet, metadata };
    expect(facts({ pods: [pod(0), pod(1)] }, { statefulSet: written }).outdatedShards).toBe(2);
  });

  const unschedulable = [
    { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' },
  ] as const;
  it.each<[string, Pod, string | undefined]>([
    ['an image', container(1, 0, 'ErrImagePull'), 'The image of pod tenantbot-default-1'],
    ['the same image, a moment later', container(1, 0, 'ImagePullBackOff'), 'The image of pod'],
    ['a crash', container(1, 3, 'CrashLoopBackOff'), 'has ended before'],
    ['a crash, running again', container(1, 3), 'has ended before'],
    ['settings', container(1, 0, 'CreateContainerConfigError'), 'secret "x" not found'],
    ['a node', pod(1, 'new', { conditions: unschedulable }), 'No node takes pod'],
    ['time', container(1, 0, 'ContainerCreating'), undefined],
  ])('name what a shard lacks: %s', (_, lacking, words) => {
    const { trouble } = facts({ pods: [pod(0), lacking] });
    if (words === undefined) expect(trouble).toBeUndefined();
    else expect(trouble).toContain(words);
  });

  it('miss pods only after a while', () => {
    const starting = (lastTransitionTime: string) => ({
      conditions: [
        {
          type: 'Reconciling',
          status: 'True' as const,
          reason: 'ShardsStarting',
          message: '',
          lastTransitionTime,
        },
      ],
    });
    expect(facts({}).trouble).toBeUndefined();
    expect(facts({ status: starting('2026-01-01T00:00:51Z') }).trouble).toBeUndefined();
    expect(facts({ status: starting('2026-01-01T00:00:50Z') }).trouble).toContain(
      'kubectl describe statefulset tenantbot-default',
    );
  });

  it('go by what is where nobody can read the spec', () => {
    const unreadable = storedFleet({ sharding: 'x' });
    const status = { shards: 2, capacity: 20 };
    expect(facts({ object: unreadable, status, pods: [pod(0)] })).toMatchObject({
      shards: 2,
      readyShards: 1,
      botsPerShard: 10,
      problem: { reason: 'ManifestInvalid' },
    });
  });

  it('tell rates where there are limits: the last ones until there are others', () => {
    const rates = { perSecond: 30, granted: 30 };
    const status = { rates: { perSecond: 30, granted: 15 } };
    const limited = storedFleet({ rateLimits: { perSecond: 30 } });
    expect(facts({ object: limited, rates, status }).rates).toEqual(rates);
    expect(facts({ object: limited, status }).rates).toEqual(status.rates);
    expect(facts({ rates, status })).not.toHaveProperty('rates');
  });

  it('tell what the API server refuses', () => {
    expect(facts({}, { problem: 'no' }).problem).toEqual({ reason: 'ApplyFailed', message: 'no' });
  });
});

describe('the events of a fleet', () => {
  const condition = (type: string, status: 'True' | 'False', reason: string) =>
    ({ type, status, reason, message: reason, lastTransitionTime: 'x' }) as const;
  const ready = condition('Ready', 'True', 'ShardsReady');
  const reasons = (...args: Parameters<typeof eventsBetween>) =>
    eventsBetween(...args).map(({ type, reason }) => `${type} ${reason}`);

  it('tell what has changed, and nothing twice', () => {
    const status = { shards: 2, conditions: [ready] };
    expect(reasons(undefined, status)).toEqual(['Normal Scaled', 'Normal ShardsReady']);
    expect(reasons(status, { ...status, bots: 4 })).toEqual([]);
    expect(reasons(status, { ...status, shards: 3 })).toEqual(['Normal Scaled']);
    const full = { ...status, conditions: [condition('Ready', 'True', 'Full')] };
    expect(reasons(status, full)).toEqual(['Warning Full']);
    const stalled = { ...status, conditions: [ready, condition('Stalled', 'True', 'ApplyFailed')] };
    expect(reasons(status, stalled)).toEqual(['Warning ApplyFailed']);
    expect(reasons(stalled, stalled)).toEqual([]);
    const rollout = { revision: 'b', phase: 'Canary', canary: 1, since: '' } as const;
    const canary = { ...status, rollout };
    expect(reasons(status, canary)).toEqual(['Normal RolloutStarted']);
    const rolling = { ...status, rollout: { ...rollout, phase: 'Rolling' as const } };
    expect(reasons(canary, rolling)).toEqual(['Normal CanaryPassed']);
    expect(reasons(rolling, status)).toEqual([]);
  });
});

describe('moves that begin', () => {
  const move = (reason: Move['reason'], to: Move['to'] = 1): Move => ({
    uid: 'x',
    from: 0,
    to,
    reason,
  });

  it.each<[string, readonly Move[], number, string]>([
    ['one', [move('balance')], 0, 'Normal 1 bot moves to other shards (balance).'],
    [
      'some now, others later',
      [move('drain'), move('lost')],
      3,
      'Normal 5 bots move to other shards (lost, drain).',
    ],
    [
      'to nowhere',
      [move('overfull', 'nowhere')],
      0,
      'Warning 1 bot has to wait for room: raise spec.sharding.maxShards or botsPerShard.',
    ],
  ])('%s', (_, moves, pending, words) => {
    const { type, note } = movesEvent(moves, pending);
    expect(`${type} ${note}`).toBe(words);
  });
});
