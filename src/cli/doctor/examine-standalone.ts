import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { findPrograms } from '../../history/embedded/programs.ts';
import { errorCode, errorMessage } from '../../lib/errors.ts';
import type { Endpoint } from '../../standalone/data/endpoint-file.ts';
import { lockHolder } from '../../standalone/data/lock.ts';
import { problemLine } from '../../standalone/manifests/place.ts';
import type { LocalClient } from '../local-client.ts';
import type { Settings } from '../settings.ts';
import { botFindings, callFindings, fleetFindings } from './conditions.ts';
import { type Finding, ok, orOk, type Said, warning, wrong } from './finding.ts';
import { type Check, runChecks } from './run-checks.ts';

/** What the checks of a standalone look at. */
export interface StandaloneWorld {
  readonly data: string;
  readonly settings: Pick<Settings, 'port' | 'webhookPort' | 'databaseUrl' | 'history'>;
  readonly endpoint: Endpoint | undefined;
  /** Undefined where nobody has left word. */
  readonly client: LocalClient | undefined;
}

/** Below this the embedded database soon can't write. */
const LITTLE_SPACE = 200 * 2 ** 20;

/** In the order in which a person would mend things. */
const CHECKS: readonly Check<StandaloneWorld>[] = [
  { name: 'data-folder', look: checkFolder },
  { name: 'process', look: checkProcess },
  { name: 'ports', look: checkPorts },
  { name: 'database', look: checkDatabase },
  { name: 'manifests', look: checkManifests },
  { name: 'fleets', look: checkFleets },
  { name: 'bots', look: checkBots },
];

/** What is wrong with the standalone of a data folder, whether it runs or not. */
export function examineStandalone(world: StandaloneWorld): Promise<readonly Finding[]> {
  return runChecks(CHECKS, world);
}

async function checkFolder({ data }: StandaloneWorld): Promise<readonly Said[]> {
  try {
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? [ok(`There is no data folder ${data} yet: the first start makes it.`)]
      : [
          wrong(
            `The data folder ${data} can't be used: ${errorMessage(error)}.`,
            'Give it to whoever runs the standalone, or name another with --data.',
          ),
        ];
  }
  const [{ mode }, disk] = await Promise.all([stat(data), statfs(data)]);
  const free = disk.bavail * disk.bsize;
  return orOk(
    [
      ...((mode & 0o077) === 0
        ? []
        : [
            warning(
              `Others may look into ${data}, where the token of the local API lies.`,
              `chmod 700 ${data}`,
            ),
          ]),
      ...(free < LITTLE_SPACE
        ? [
            warning(
              `The disk of ${data} has only ${Math.floor(free / 2 ** 20)} MiB left.`,
              'Make room: what happens is not kept on a disk that is full.',
            ),
          ]
        : []),
    ],
    `The data folder ${data} can be used.`,
  );
}

async function checkProcess({ data, endpoint, client }: StandaloneWorld): Promise<readonly Said[]> {
  const holder = await lockHolder(data);
  if (!holder) {
    const words = endpoint
      ? `The standalone of ${data} (process ${endpoint.pid}) has ended without a word.`
      : `No standalone runs with the data folder ${data}.`;
    return [
      wrong(
        words,
        'Start it with `npm start` or `tenantbot standalone`; its log says why it ends.',
      ),
    ];
  }
  if (!client) {
    return [
      warning(
        `Process ${holder.pid} has ${data}, and does not listen yet.`,
        'Wait until it has started; a `tenantbot migrate` or `forget` may have it, too.',
      ),
    ];
  }
  try {
    await client.list({ plural: 'botfleets', namespace: undefined });
    return [ok(`Process ${holder.pid} runs, and answers.`)];
  } catch (error) {
    return [
      wrong(
        `Process ${holder.pid} runs, and does not answer: ${errorMessage(error)}.`,
        'Look at its log; stop it, and start it anew.',
      ),
    ];
  }
}

/** Ports that it would need and others have. */
async function checkPorts({ data, settings }: StandaloneWorld): Promise<readonly Said[]> {
  if (await lockHolder(data)) return [];
  const wanted = [
    { port: settings.port, flag: '--port', host: '127.0.0.1' },
    { port: settings.webhookPort ?? 0, flag: '--webhook-port', host: undefined },
  ].filter(({ port }) => port !== 0);
  const taken = await Promise.all(
    wanted.map(async ({ port, flag, host }) => {
      const why = await whyTaken(port, host);
      return why === undefined
        ? []
        : [
            wrong(
              `Port ${port} (${flag}) can't be had: ${why}.`,
              'End what has it, or choose another.',
            ),
          ];
    }),
  );
  return orOk(taken.flat(), 'All ports that it needs are free.');
}

function whyTaken(port: number, host: string | undefined): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorMessage(error)));
    server.listen({ port, host }, () => server.close(() => resolve(undefined)));
  });
}

async function checkDatabase({ settings }: StandaloneWorld): Promise<readonly Said[]> {
  if (!settings.history) return [ok('No history is kept, as the settings say.')];
  if (settings.databaseUrl)
    return [ok('The history has a database of its own; fleets tell how it is.')];
  try {
    await findPrograms();
    return [ok('The programs of the embedded database are there.')];
  } catch (error) {
    return [
      wrong(
        errorMessage(error),
        'Install anew, name a database with --database-url, or keep no history with --no-history.',
      ),
    ];
  }
}

async function checkManifests({ client }: StandaloneWorld): Promise<readonly Said[]> {
  if (!client) return [];
  const problems = await client.problems();
  const said = problems.map((problem) =>
    wrong(problemLine(problem), 'Correct the manifest; until then the last good one is in effect.'),
  );
  return orOk(said, 'All manifests can be read.');
}

async function checkFleets({ client }: StandaloneWorld): Promise<readonly Said[]> {
  if (!client) return [];
  return fleetFindings(await client.list({ plural: 'botfleets', namespace: undefined }));
}

async function checkBots({ client }: StandaloneWorld): Promise<readonly Said[]> {
  if (!client) return [];
  const bots = await client.list({ plural: 'tenantbots', namespace: undefined });
  return [...botFindings(bots), ...callFindings(bots)];
}
