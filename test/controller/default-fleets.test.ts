import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDefaultFleets } from '../../src/controller/default-fleets.ts';

describe('readDefaultFleets', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenantbot-fleets-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function read(text: string) {
    const path = join(folder, 'fleets.yaml');
    await writeFile(path, text);
    return readDefaultFleets(path, 'system');
  }

  const FLEET = 'apiVersion: tenantbot.dev/v1alpha1\nkind: BotFleet\nmetadata: { name: default }\n';

  it('takes what is written and nothing else, into the own namespace', async () => {
    expect(await read(`${FLEET}spec: { sharding: { botsPerShard: 50 } }`)).toEqual([
      {
        apiVersion: 'tenantbot.dev/v1alpha1',
        kind: 'BotFleet',
        metadata: { name: 'default', namespace: 'system' },
        spec: { sharding: { botsPerShard: 50 } },
      },
    ]);
  });

  it('takes an empty file for no fleets', async () => {
    expect(await read('')).toEqual([]);
  });

  it.each([
    ['a misspelt field', `${FLEET}spec: { shardin: {} }`, /spec\.shardin is not a known field/],
    ['another kind', FLEET.replace('BotFleet', 'TenantBot'), /kind/],
    ['no YAML', 'a: [', /fleets\.yaml/],
  ])('refuses %s in words', async (_name, text, words) => {
    await expect(read(text)).rejects.toThrow(words);
  });

  it('says which file can not be read', async () => {
    await expect(readDefaultFleets(join(folder, 'none.yaml'), 'x')).rejects.toThrow(/none\.yaml/);
  });
});
