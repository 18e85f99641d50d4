import { join } from 'node:path';
import { type Program, startScript } from '../support/program.ts';
import { waitFor } from '../support/wait.ts';
import type { ClientRequest } from './measured.ts';
import type { ServerLoad, ServerRequest } from './server.ts';

/** A client to measure: a script next to this one, which gets the API's address and `args`. */
export interface Contestant {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
}

/** How much is measured. */
export interface Size {
  readonly bots: number;
  readonly updates: number;
  readonly perSecond: number;
}

/** What one run of a client showed. */
export interface Sample {
  readonly microsAnUpdate: number;
  readonly kilobytesABot: number;
}

/**
 * Bots that run before the first look at the memory: one more bot is asked for, not the first. They
 * get no updates before it: what those leave behind in the heap would hide the next bots' share.
 */
const WARM_BOTS = 20;
/** Bots that start together, a divisor of all numbers of bots: a bot that comes to a running fleet does not come with a thousand. */
const BATCH = 20;
/** A start takes more connections than polling does; those beyond this are waited out. */
const SPARE_CONNECTIONS = 10;
const START_TIMEOUT_MS = 60_000;

/** Measures one client in a fresh process: its memory with idle bots first, then its CPU. */
export async function takeSample(
  server: Program,
  contestant: Contestant,
  size: Size,
): Promise<Sample> {
  const askServer = <Answer>(request: ServerRequest) => server.ask<Answer>(request);
  const { apiRoot, certificatePath } = await askServer<{
    apiRoot: string;
    certificatePath: string;
  }>({ kind: 'address' });
  const loadIs = (description: string, check: (load: ServerLoad) => boolean) =>
    waitFor(description, async () => check(await askServer<ServerLoad>({ kind: 'load' })), {
      timeoutMs: START_TIMEOUT_MS,
    });
  await loadIs("the end of the last client's connections", (load) => load.connections === 0);
  await askServer({ kind: 'reset' });
  await using client = await startScript(join(import.meta.dirname, contestant.script), {
    args: [apiRoot, ...contestant.args],
    env: { NODE_EXTRA_CA_CERTS: certificatePath },
    nodeFlags: ['--expose-gc'],
  });
  const askClient = <Answer>(request: ClientRequest) => client.ask<Answer>(request);
  const addBots = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += BATCH) {
      const tokens = Array.from({ length: BATCH }, (_, index) => tokenOf(first + index));
      await askClient({ kind: 'add', tokens });
      const polling = first + BATCH;
      await loadIs(`${polling} polling bots`, (load) => load.waitingPolls === polling);
    }
  };
  const bytesWith = async (bots: number): Promise<number> => {
    await askServer({ kind: 'closeIdle' });
    const most = bots + SPARE_CONNECTIONS;
    await loadIs('the end of spare connections', (load) => load.connections <= most);
    return askClient<number>({ kind: 'memory' });
  };
  const microsOf = async (updates: number): Promise<number> => {
    const before = await askClient<number>({ kind: 'cpu' });
    await askServer({ kind: 'traffic', updates, perSecond: size.perSecond });
    return (await askClient<number>({ kind: 'cpu' })) - before;
  };

  const all = WARM_BOTS + size.bots;
  await addBots(0, WARM_BOTS);
  const few = await bytesWith(WARM_BOTS);
  await addBots(WARM_BOTS, all);
  const many = await bytesWith(all);
  // The first update of each bot opens connections that stay open: it is not counted.
  await microsOf(all);
  const micros = await microsOf(size.updates);
  return {
    kilobytesABot: (many - few) / size.bots / 1_000,
    microsAnUpdate: micros / size.updates,
  };
}

/** A token of the right form: the server tells bots apart by the number alone. */
function tokenOf(id: number): string {
  return `${100_000 + id}:${'A'.repeat(35)}`;
}
