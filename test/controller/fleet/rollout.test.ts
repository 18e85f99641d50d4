import { describe, expect, it } from 'vitest';
import type { Rollout } from '../../../src/api/rollout.ts';
import {
  type CanaryHealth,
  planRollout,
  type RolloutSituation,
} from '../../../src/controller/fleet/rollout.ts';
import type { StatefulSet } from '../../../src/kube/well-known.ts';
import { meta } from './fleets.ts';

const NOW = '2026-01-01T00:10:00Z';
const nowMs = Date.parse(NOW);
const WELL: CanaryHealth = { kind: 'well' };
const UNWELL: CanaryHealth = { kind: 'unwell', message: 'its pod is not Ready.' };

function live(
  revisions: { readonly current: string; readonly update: string },
  { hash = 'wanted', generation = 3 } = {},
): StatefulSet {
  return {
    metadata: meta('tenantbot-default', {
      generation,
      annotations: { 'tenantbot.dev/template-hash': hash },
    }),
    spec: { template: {} },
    status: {
      observedGeneration: 3,
      currentRevision: revisions.current,
      updateRevision: revisions.update,
    },
  };
}

const UNDER_WAY = live({ current: 'a', update: 'b' });
const CANARY: Rollout = { revision: 'b', phase: 'Canary', canary: 3, since: NOW };
const ROLLING: Rollout = { ...CANARY, phase: 'Rolling' };
const before = (seconds: number): string =>
  new Date(nowMs - seconds * 1_000).toISOString().replace('.000', '');

function plan(change: Partial<RolloutSituation>) {
  return planRollout({
    shards: 4,
    canarySeconds: 30,
    templateHash: 'wanted',
    live: UNDER_WAY,
    known: CANARY,
    judge: () => WELL,
    nowMs,
    ...change,
  });
}

describe('which pods are renewed', () => {
  it.each<[string, Partial<RolloutSituation>, number]>([
    ['at rest: the highest alone would be', { live: live({ current: 'a', update: 'a' }) }, 3],
    ['before there is a StatefulSet: the same', { live: undefined, known: undefined }, 3],
    ['when another template comes: the highest', { known: undefined }, 3],
    ['when another comes in the middle: the highest', { known: ROLLING, templateHash: 'c' }, 3],
    ['when it was seen in the middle: the highest', { known: { ...ROLLING, revision: 'x' } }, 3],
    [
      'while the controller has not seen a scaling: as before',
      { known: ROLLING, live: live({ current: 'a', update: 'b' }, { generation: 4 }) },
      0,
    ],
    [
      'while the first does well, not for long: the highest',
      { known: { ...CANARY, healthySince: before(29) } },
      3,
    ],
    [
      'once it has done well for long enough: all',
      { known: { ...CANARY, healthySince: before(30) } },
      0,
    ],
    [
      'while it does not: the highest',
      { known: { ...CANARY, healthySince: before(99) }, judge: () => UNWELL },
      3,
    ],
    [
      'while the others follow, whatever the first does then: all',
      { known: ROLLING, judge: () => UNWELL },
      0,
    ],
    ['where none goes first: all', { canarySeconds: 0 }, 0],
    ['where there is one shard: it', { shards: 1 }, 0],
  ])('%s', (_, change, partition) => {
    expect(plan(change).partition).toBe(partition);
  });
});

describe('a rollout', () => {
  it('begins with the highest ordinal', () => {
    const known = undefined;
    expect(plan({ known, judge: () => UNWELL }).rollout).toEqual(CANARY);
  });

  it('notes since when the first does well, and comes again when that was long enough', () => {
    expect(plan({})).toMatchObject({ rollout: { healthySince: NOW }, againMs: 30_000 });
  });

  it('forgets that the first did well when it does not', () => {
    const known = { ...CANARY, healthySince: before(5) };
    expect(plan({ known, judge: () => UNWELL }).rollout).toEqual(CANARY);
  });

  it('says nothing while the first may still be starting, and comes again', () => {
    const late = plan({ known: { ...CANARY, since: before(59) }, judge: () => UNWELL });
    expect(late).toMatchObject({ againMs: 1_000 });
    expect(late).not.toHaveProperty('trouble');
  });

  it('says why the others wait once that has lasted', () => {
    const late = plan({ known: { ...CANARY, since: before(60) }, judge: () => UNWELL });
    expect(late.trouble).toContain('Shard 3 was renewed first');
    expect(late.trouble).toContain('its pod is not Ready.');
  });

  it('is over when all run the newest', () => {
    const over = plan({ known: ROLLING, live: live({ current: 'b', update: 'b' }) });
    expect(over).toEqual({ partition: 3 });
  });
});
