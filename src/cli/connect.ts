import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { inputError } from '../lib/errors.ts';
import type { Endpoint } from '../standalone/data/endpoint-file.ts';
import type { Access } from './access.ts';
import { processEnvironment, readConfig } from './config.ts';
import { isPlugin, version } from './installation.ts';
import type { LocalClient } from './local-client.ts';
import { choosePlace, type Place } from './place.ts';
import type { Flags } from './program/actions.ts';
import { STANDALONE_SETTINGS, variableName } from './settings.ts';

/** What `work` comes to with the cluster or standalone that `flags` choose; they are left afterwards. */
export async function withAccess<Value>(
  flags: Flags,
  work: (access: Access) => Promise<Value>,
): Promise<Value> {
  const access = await openAccess(flags);
  try {
    return await work(access);
  } finally {
    await access.close();
  }
}

/** The standalone that runs on this machine, for what no cluster has: `what`, such as "chat". */
export async function connectLocal(flags: Flags, what: string): Promise<LocalClient> {
  const { place, data, endpoint } = await chosen(flags);
  if (place.kind === 'standalone') return localClient(endpoint, data);
  throw inputError(
    'STANDALONE_ONLY',
    `${what} asks a standalone, and a cluster was chosen; \`tenantbot ${what}\` without --kubeconfig and --context asks the one whose data folder is here or named with --data`,
  );
}

async function openAccess(flags: Flags): Promise<Access> {
  const { place, data, endpoint } = await chosen(flags);
  if (place.kind === 'cluster') {
    const { clusterAccess } = await import('./cluster-access.ts');
    return clusterAccess({ ...place, userAgent: `tenantbot/${version()}` });
  }
  const { localAccess } = await import('./local-access.ts');
  return localAccess(await localClient(endpoint, data));
}

async function localClient(endpoint: Endpoint | undefined, data: string): Promise<LocalClient> {
  const { LocalClient } = await import('./local-client.ts');
  return new LocalClient(endpoint, data);
}

/** Whom `flags` choose. */
export interface Chosen {
  readonly place: Place;
  /** The data folder of the standalone. */
  readonly data: string;
  /** Undefined where no standalone has left word there. */
  readonly endpoint: Endpoint | undefined;
}

/** Whom `flags`, the environment and the folder choose. */
export async function chosen(flags: Flags): Promise<Chosen> {
  const { readEndpoint } = await import('../standalone/data/endpoint-file.ts');
  const environment = processEnvironment();
  const { data } = readConfig(STANDALONE_SETTINGS, { flags: settingsOf(flags), environment });
  const endpoint = await readEndpoint(resolve(data));
  const place = choosePlace({
    flags: {
      kubeconfig: text(flags['kubeconfig']),
      context: text(flags['context']),
      data: text(flags['data'] ?? environment[variableName('data')]) !== undefined,
    },
    isPlugin: isPlugin(),
    isRunning: endpoint !== undefined,
    kubeconfig: environment['KUBECONFIG'],
    home: homedir(),
  });
  return { place, data: resolve(data), endpoint };
}

/** Others of a command's flags may be named like settings of a standalone: `--shards`. */
export function settingsOf({ data, config }: Flags): Flags {
  return { ...(data !== undefined && { data }), ...(config !== undefined && { config }) };
}

function text(flag: unknown): string | undefined {
  return typeof flag === 'string' && flag !== '' ? flag : undefined;
}
