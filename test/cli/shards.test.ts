import { expect, test } from 'vitest';
import type { BotFleetStatus } from '../../src/api/bot-fleet.ts';
import { runShards, type ShardsOptions } from '../../src/cli/commands/shards.ts';
import type { FleetAccess, SeenFleet } from '../../src/cli/fleet-access.ts';

const BUSY: BotFleetStatus = {
  perShard: [
    { shard: 0, ready: true, bots: 12 },
    { shard: 1, ready: false, bots: 0 },
  ],
  rates: {
    perSecond: 30,
    granted: 25,
    shards: [
      {
        shard: 0,
        granted: 25,
        used: 7,
        methods: { sendMessage: { granted: 10, used: 3 }, sendPhoto: { granted: 1 } },
      },
    ],
  },
};

function fleet(name: string, status: BotFleetStatus, hasPods = true): SeenFleet {
  const podOf = (shard: number) => (hasPods ? `tenantbot-${name}-${shard}` : undefined);
  return { namespace: 'tenantbot-system', name, status, podOf };
}

async function shards(
  fleets: readonly SeenFleet[],
  change: Partial<ShardsOptions> = {},
): Promise<{ readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const asked: (string | undefined)[] = [];
  const access: FleetAccess = {
    fleets: async (namespace) => {
      asked.push(namespace);
      return fleets;
    },
    close: () => Promise.resolve(),
  };
  const options = { fleet: undefined, namespace: undefined, output: undefined, ...change };
  await runShards(access, options, {
    out: (line) => void (said.out += `${line}\n`),
    err: (line) => void (said.err += `${line}\n`),
  });
  expect(asked).toEqual([change.namespace]);
  return said;
}

test('each shard is a row, with what it has of the limits', async () => {
  const { out } = await shards([fleet('busy', BUSY)]);
  expect(out).toBe(
    `${[
      'FLEET   SHARD   POD                READY   BOTS   GRANTED/S   USED/S',
      'busy    0       tenantbot-busy-0   True    12     25          7',
      'busy    1       tenantbot-busy-1   False   0      <none>      <none>',
    ].join('\n')}\n`,
  );
});

test('wide shows single methods', async () => {
  const { out } = await shards([fleet('busy', BUSY)], { output: 'wide', namespace: 'here' });
  expect(out).toMatch(/USED\/S +METHODS\n/);
  expect(out).toMatch(/ 7 +sendMessage 3\/10, sendPhoto 0\/1\n/);
  expect(out).toMatch(/<none> +<none>\n$/);
});

test('fleets stand one after the other, unless one is asked for', async () => {
  const local = fleet('local', { perShard: [{ shard: 0, ready: true, bots: 1 }] }, false);
  const both = await shards([fleet('busy', BUSY), local]);
  expect(both.out.split('\n').map((line) => line.split(' ')[0])).toEqual([
    'FLEET',
    'busy',
    'busy',
    'local',
    '',
  ]);
  const { out } = await shards([fleet('busy', BUSY), local], { fleet: 'local', output: 'json' });
  expect(JSON.parse(out)).toEqual([{ fleet: 'local', shard: 0, ready: true, bots: 1 }]);
  const yaml = await shards([fleet('busy', BUSY), local], { fleet: 'busy', output: 'yaml' });
  expect(yaml.out).toContain('pod: tenantbot-busy-0');
});

test('what is not there, or makes no sense, is said in words', async () => {
  await expect(shards([], { fleet: 'nowhere' })).rejects.toThrow('there is no BotFleet nowhere');
  await expect(shards([], { output: 'xml' })).rejects.toThrow(
    '--output must be one of wide, yaml, json, not "xml"',
  );
  expect(await shards([fleet('new', {})])).toEqual({ out: '', err: 'No shard is told of yet.\n' });
});
