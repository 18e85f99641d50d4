import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluate } from '@marcbachmann/cel-js';
import { describe, expect, it } from 'vitest';
import { LuaFactory } from 'wasmoon';
import { parse } from 'yaml';
import type { BotFacts } from '../../src/api/bot-facts.ts';
import { tenantBotStatus } from '../../src/api/bot-status.ts';
import { botFleetStatus } from '../../src/api/fleet-status.ts';
import { NOTHING_DONE, type RuntimeFacts } from '../../src/api/runtime-facts.ts';
import { PHASES } from '../../src/api/tenant-bot-status.ts';

const GITOPS = join(import.meta.dirname, '../../config/gitops');
const NOW = '2026-01-31T12:00:00Z';

const running: RuntimeFacts = {
  lifecycle: 'Running',
  generation: 2,
  token: { state: 'Valid', lastChecked: NOW, message: '' },
  bot: { id: 7, username: 'shop_bot', name: 'Shop' },
  ...NOTHING_DONE,
};
const well: BotFacts = {
  key: 'team/shop',
  generation: 2,
  suspended: false,
  fleet: 'found',
  fleetName: 'default',
  token: { kind: 'found', botId: 7, trimmed: false },
  signingKeys: { kind: 'found' },
  placement: { fleet: 'default', shard: 0, epoch: 1, since: NOW },
  runtime: running,
};
const { runtime: _runtime, placement: _placement, ...pending } = well;

/** A bot as the operator's own function describes it, and what each tool is to make of it. */
const BOTS: readonly (readonly [name: string, facts: BotFacts, argo: string, flux: string])[] = [
  ['runs', well, 'Healthy', 'current'],
  ['is not placed yet', pending, 'Progressing', 'inProgress'],
  [
    'starts',
    { ...well, runtime: { ...running, lifecycle: 'Starting' } },
    'Progressing',
    'inProgress',
  ],
  [
    'restarts',
    { ...well, runtime: { ...running, lifecycle: 'Restarting' } },
    'Progressing',
    'inProgress',
  ],
  [
    'stops',
    { ...well, runtime: { ...running, lifecycle: 'Stopping' } },
    'Progressing',
    'inProgress',
  ],
  ['has crashed', { ...well, runtime: { ...running, lifecycle: 'Crashed' } }, 'Degraded', 'failed'],
  [
    'has no token',
    { ...pending, token: { kind: 'missing', message: 'no Secret' } },
    'Degraded',
    'failed',
  ],
  ['names no fleet', { ...pending, fleet: 'missing' }, 'Degraded', 'failed'],
  [
    'has stopped, on its way elsewhere',
    { ...well, runtime: { ...running, lifecycle: 'Stopped' } },
    'Progressing',
    'inProgress',
  ],
  ['is suspended', { ...pending, suspended: true }, 'Suspended', 'current'],
  [
    'has a token that was revoked',
    {
      ...well,
      runtime: {
        ...running,
        lifecycle: 'Suspended',
        token: { state: 'Revoked', lastChecked: NOW, message: 'x' },
      },
    },
    'Degraded',
    'failed',
  ],
];

function bot(facts: BotFacts, generation = facts.generation) {
  return {
    kind: 'TenantBot',
    metadata: { name: 'shop', namespace: 'team', generation },
    status: tenantBotStatus(facts, undefined, NOW),
  };
}

async function argoHealth(object: object): Promise<string> {
  const script = await readFile(join(GITOPS, 'argocd/health.lua'), 'utf8');
  const lua = await new LuaFactory().createEngine();
  try {
    lua.global.set('obj', object);
    const { status, message } = (await lua.doString(script)) as { status: string; message: string };
    expect(typeof message).toBe('string');
    return status;
  } finally {
    lua.global.close();
  }
}

/** Flux asks in this order, and takes the first that holds. */
const FLUX_STATES = ['inProgress', 'failed', 'current'] as const;
type HealthCheck = { readonly kind: string } & Readonly<
  Record<(typeof FLUX_STATES)[number], string>
>;

async function fluxHealth(object: { readonly kind: string }): Promise<string> {
  const text = await readFile(join(GITOPS, 'flux/kustomization.yaml'), 'utf8');
  const { spec } = parse(text) as { spec: { healthCheckExprs: HealthCheck[] } };
  const check = spec.healthCheckExprs.find(({ kind }) => kind === object.kind);
  const state = FLUX_STATES.find(
    (name) => check && evaluate(check[name], object as Record<string, unknown>) === true,
  );
  return state ?? 'unknown';
}

describe('health checks of GitOps tools', () => {
  it.each(BOTS)('a bot that %s', async (_name, facts, argo, flux) => {
    expect(await argoHealth(bot(facts))).toBe(argo);
    expect(await fluxHealth(bot(facts))).toBe(flux);
  });

  it('see bots of every phase here', () => {
    const phases = BOTS.map(([, facts]) => tenantBotStatus(facts, undefined, NOW).phase);
    expect(new Set(phases)).toEqual(new Set(PHASES));
  });

  it('wait for a spec that the operator has not seen', async () => {
    expect(await argoHealth(bot(well, 3))).toBe('Progressing');
    expect(await fluxHealth(bot(well, 3))).toBe('inProgress');
    expect(await argoHealth({ kind: 'TenantBot', metadata: { generation: 1 } })).toBe(
      'Progressing',
    );
    const unseen = { kind: 'TenantBot', metadata: { generation: 1 }, status: {} };
    expect(await fluxHealth(unseen)).toBe('inProgress');
  });

  it.each([
    ['at work', 2, 'Healthy', 'current'],
    ['starting', 1, 'Progressing', 'inProgress'],
  ])('a fleet whose shards are %s', async (_name, readyShards, argo, flux) => {
    const facts = {
      generation: 1,
      shards: 2,
      readyShards,
      outdatedShards: 0,
      drainingShards: 0,
      maxShards: 9,
      botsPerShard: 10,
      bots: 3,
      wantingBots: 3,
      readyBots: 3,
      perShard: [],
    };
    const fleet = {
      kind: 'BotFleet',
      metadata: { name: 'default', generation: 1 },
      status: botFleetStatus(facts, undefined, NOW),
    };
    expect(await argoHealth(fleet)).toBe(argo);
    expect(await fluxHealth(fleet)).toBe(flux);
  });
});
