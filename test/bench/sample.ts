import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../support/program.ts';
import type { BenchServer } from './bench.ts';
import { tokens } from './bench.ts';
import type { Contestant } from './contestants.ts';
import type { ClientMemory, ClientRequest } from './measured.ts';

/** Updates, spread over all bots at a steady pace. */
export interface Traffic {
  readonly updates: number;
  readonly perSecond: number;
}

/** How much is measured. */
export interface Size {
  readonly bots: number;
  /** What makes a client's code fast before it is looked at what an update costs. */
  readonly warming: Traffic;
  readonly measured: Traffic;
}

/** What one run of a client showed. */
export interface Sample {
  /** Of the first updates of its life, connections and all. */
  readonly coldMicrosAnUpdate: number;
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
/** Which part of the warming updates counts as the first. */
const COLD = 0.25;
/** What a client gets at the measured pace before that is measured, as a part of it. */
const SETTLING = 0.5;
/** How long bots are left alone before they count as idle: by then nothing is left of their start. */
const REST_MS = 5_000;
/** A start takes more connections than polling does; those beyond this are waited out. */
const SPARE_CONNECTIONS = 10;

/** Measures one client in a fresh process: its memory with idle bots first, then its CPU. */
export async function takeSample(
  server: BenchServer,
  contestant: Contestant,
  { bots, warming, measured }: Size,
): Promise<Sample> {
  await using client = await server.start(contestant);
  const { kilobytesABot } = await weighBot(server, client, {
    from: WARM_BOTS,
    more: bots,
    polls: true,
  });
  const cpu = () => client.ask<number>({ kind: 'cpu' } satisfies ClientRequest);
  const microsOf = async ({ updates, perSecond }: Traffic): Promise<number> => {
    const before = await cpu();
    await server.ask({ kind: 'traffic', updates, perSecond });
    return ((await cpu()) - before) / updates;
  };
  const cold = part(warming, COLD);
  const coldMicrosAnUpdate = await microsOf(cold);
  await microsOf(part(warming, 1 - COLD));
  await microsOf(part(measured, SETTLING));
  return { kilobytesABot, coldMicrosAnUpdate, microsAnUpdate: await microsOf(measured) };
}

function part({ updates, perSecond }: Traffic, share: number): Traffic {
  return { updates: Math.round(updates * share), perSecond };
}

/** With how many bots the memory is looked at first, and how many more there are then. */
export interface Growth {
  readonly from: number;
  readonly more: number;
  /** Whether each holds a poll, and so a connection. */
  readonly polls: boolean;
}

/** What one more idle bot takes. */
export interface BotWeight {
  /** Resident, with what the system keeps for it. */
  readonly kilobytesABot: number;
  /** What is in use of the heap. */
  readonly heapKilobytesABot: number;
}

/** Weighs one more idle bot. */
export async function weighBot(
  server: BenchServer,
  client: Program,
  { from, more, polls }: Growth,
): Promise<BotWeight> {
  const add = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += BATCH) {
      const waiting = first + BATCH;
      await client.ask({ kind: 'add', tokens: tokens(first, waiting) } satisfies ClientRequest);
      await server.loadIs(
        `${waiting} waiting bots`,
        ({ waitingPolls, webhooks }) => waitingPolls + webhooks === waiting,
      );
    }
  };
  const memoryWith = async (bots: number): Promise<ClientMemory> => {
    await sleep(REST_MS);
    await server.ask({ kind: 'closeIdle' });
    const most = (polls ? bots : 0) + SPARE_CONNECTIONS;
    await server.loadIs('the end of spare connections', (load) => load.connections <= most);
    const request: ClientRequest = { kind: 'memory' };
    return client.ask<ClientMemory>(request);
  };
  await add(0, from);
  const few = await memoryWith(from);
  await add(from, from + more);
  const many = await memoryWith(from + more);
  const each = (bytes: (memory: ClientMemory) => number): number =>
    (bytes(many) - bytes(few)) / more / 1_000;
  return {
    kilobytesABot: each(({ resident, young }) => resident - young),
    heapKilobytesABot: each(({ heap = 0 }) => heap),
  };
}
