import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { check, formatPath, formatProblem } from '../../src/api/explain.ts';
import { parseManifest } from '../../src/api/manifest.ts';
import { bot } from './manifests/row.ts';

function said(input: unknown): string[] {
  const parsed = parseManifest(input);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe('formatPath', () => {
  it.each([
    [['spec', 'handlers', 0, 'command', 'name'], 'spec.handlers[0].command.name'],
    [['metadata', 'labels', 'app.kubernetes.io/name'], 'metadata.labels["app.kubernetes.io/name"]'],
    [[2, 'kind'], '[2].kind'],
    [[], ''],
  ])('writes %j as %s', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });

  it('blots out a token that somebody used as a key', () => {
    expect(formatPath(['data', `123456:${'x'.repeat(35)}`])).not.toContain('xxx');
  });
});

describe('problems', () => {
  it('tell of everything that is wrong at once', () => {
    const manifest = bot({ fleet: 'No', suspended: 'no', handlerz: [], logLevel: 'all' });
    expect(said(manifest)).toEqual([
      'spec.fleet: must be the name of a BotFleet',
      'spec.suspended: must be true or false, is text',
      'spec.logLevel: must be one of debug, info, warn, error; is "all"',
      'spec.handlerz: is not a known field; did you mean handlers?',
    ]);
  });

  it('list what is known where nothing is close', () => {
    expect(said(bot({ updates: { webhookCertificate: 1 } }))).toEqual([
      'spec.updates.webhookCertificate: is not a known field; known here: mode, allowedUpdates, dropPending, maxConcurrent',
    ]);
  });

  it('find the known fields inside lists, maps and optional objects', () => {
    const inner = z.strictObject({ colour: z.string().optional() });
    const schema = z.strictObject({ map: z.record(z.string(), z.array(inner.optional())) });
    const checked = check(schema, { map: { a: [{ color: 'red' }] } });
    expect(checked).toMatchObject({
      problems: [{ path: ['map', 'a', 0, 'color'], message: expect.stringContaining('colour') }],
    });
  });

  it.each([
    [[1, 2], 'it: must be an object with apiVersion, kind and metadata'],
    [null, 'it: must be an object with apiVersion, kind and metadata'],
    [{}, 'kind: is missing; known are TenantBot, BotFleet, Secret'],
    [{ kind: 'TenantBott' }, 'kind: "TenantBott" is unknown; did you mean TenantBot?'],
    [
      { kind: 'ConfigMap' },
      'kind: "ConfigMap" is unknown; known here: TenantBot, BotFleet, Secret',
    ],
    [{ kind: 'toString' }, 'kind: "toString" is unknown; known here: TenantBot, BotFleet, Secret'],
    [{ kind: 'TenantBot' }, 'apiVersion: is missing; a TenantBot is of tenantbot.dev/v1alpha1'],
    [{ kind: 'Secret', apiVersion: 'v2' }, 'apiVersion: is "v2"; a Secret is of v1'],
  ])('of %j: %s', (input, message) => {
    expect(said(input)).toEqual([message]);
  });

  it('feed back what kubectl get -o yaml prints', () => {
    const printed = {
      ...bot(),
      metadata: {
        name: 'greeter',
        namespace: 'shop',
        uid: 'u',
        resourceVersion: '7',
        generation: 2,
        creationTimestamp: '2026-02-01T12:00:00Z',
        managedFields: [{ manager: 'kubectl' }],
        labels: { app: 'x' },
      },
      status: { phase: 'Running', conditions: [] },
    };
    expect(said(printed)).toEqual([]);
  });
});
