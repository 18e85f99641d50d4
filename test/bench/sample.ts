import type { BenchServer } from './bench.ts';
import { tokens } from './bench.ts';
import type { Contestant } from './contestants.ts';
import type { ClientMemory, ClientRequest } from './measured.ts';

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

/** Measures one client in a fresh process: its memory with idle bots first, then its CPU. */
export async function takeSample(
  server: BenchServer,
  contestant: Contestant,
  size: Size,
): Promise<Sample> {
  await using client = await server.start(contestant);
  const askClient = <Answer>(request: ClientRequest) => client.ask<Answer>(request);
  const addBots = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += BATCH) {
      const polling = first + BATCH;
      await askClient({ kind: 'add', tokens: tokens(first, polling) });
      await server.loadIs(`${polling} polling bots`, (load) => load.waitingPolls === polling);
    }
  };
  const bytesWith = async (bots: number): Promise<number> => {
    await server.ask({ kind: 'closeIdle' });
    const most = bots + SPARE_CONNECTIONS;
    await server.loadIs('the end of spare connections', (load) => load.connections <= most);
    const { resident, young } = await askClient<ClientMemory>({ kind: 'memory' });
    return resident - young;
  };
  const microsOf = async (updates: number): Promise<number> => {
    const before = await askClient<number>({ kind: 'cpu' });
    await server.ask({ kind: 'traffic', updates, perSecond: size.perSecond });
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
