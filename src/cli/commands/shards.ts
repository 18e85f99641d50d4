import { stringify } from 'yaml';
import type { ShardRates } from '../../api/fleet-rates.ts';
import type { ShardStatus } from '../../api/shard-status.ts';
import { inputError } from '../../lib/errors.ts';
import type { FleetAccess, SeenFleet } from '../fleet-access.ts';
import { parseOutput } from '../output.ts';
import { formatTable } from '../table.ts';
import type { Io } from './io.ts';

/** What `tenantbot shards` was asked for. */
export interface ShardsOptions {
  /** All fleets where undefined. */
  readonly fleet: string | undefined;
  /** All namespaces where undefined. */
  readonly namespace: string | undefined;
  readonly output: string | undefined;
}

/** One shard, as it is told of. */
interface Shard extends ShardStatus {
  readonly fleet: string;
  readonly pod?: string;
  /** Where the fleet has limits, and the shard was heard lately. */
  readonly rates?: Omit<ShardRates, 'shard'>;
}

const OUTPUTS = ['wide', 'yaml', 'json'] as const;

/** `tenantbot shards`: each shard of a fleet, with what it has of the fleet's limits. */
export async function runShards(
  access: FleetAccess,
  { fleet, namespace, output }: ShardsOptions,
  io: Io,
): Promise<void> {
  const format = parseOutput(output, OUTPUTS);
  const all = await access.fleets(namespace);
  const fleets = fleet === undefined ? all : all.filter(({ name }) => name === fleet);
  if (fleet !== undefined && fleets.length === 0) {
    throw inputError('OBJECT_NOT_FOUND', `there is no BotFleet ${fleet}`);
  }
  const shards = fleets.flatMap(shardsOf);
  if (format === 'json') io.out(JSON.stringify(shards, undefined, 4));
  else if (format === 'yaml') io.out(stringify(shards).trimEnd());
  else if (shards.length === 0) io.err('No shard is told of yet.');
  else io.out(table(shards, format === 'wide'));
}

function shardsOf({ name: fleet, status, podOf }: SeenFleet): Shard[] {
  const { perShard = [], rates: { shards: granted = [] } = {} } = status;
  const ratesOf = new Map(granted.map(({ shard, ...rates }) => [shard, rates]));
  return perShard.map((told): Shard => {
    const pod = podOf(told.shard);
    const rates = ratesOf.get(told.shard);
    const more = { ...(pod !== undefined && { pod }), ...(rates && { rates }) };
    return Object.assign({ fleet }, told, more);
  });
}

function table(shards: readonly Shard[], isWide: boolean): string {
  const header = ['FLEET', 'SHARD', 'POD', 'READY', 'BOTS', 'GRANTED/S', 'USED/S'];
  const rows = shards.map(({ fleet, shard, pod, ready, bots, rates = {} }) => [
    fleet,
    String(shard),
    pod ?? NONE,
    ready ? 'True' : 'False',
    String(bots),
    count(rates.granted),
    count(rates.used),
    ...(isWide ? [methodWords(rates.methods)] : []),
  ]);
  return formatTable([isWide ? [...header, 'METHODS'] : header, ...rows]);
}

const NONE = '<none>';

function count(calls: number | undefined): string {
  return calls === undefined ? NONE : String(calls);
}

/** By method: calls of the last second, and what is granted. */
function methodWords(methods: ShardRates['methods'] = {}): string {
  const words = Object.entries(methods).map(
    ([method, { granted, used = 0 }]) => `${method} ${used}/${granted}`,
  );
  return words.length === 0 ? NONE : words.join(', ');
}
