import { getHeapSpaceStatistics } from 'node:v8';
import { nextMacrotask } from '../../src/lib/clock.ts';
import { answerParent } from '../support/answering.ts';

/** What a measured client is asked for. */
export type ClientRequest =
  /** Starts polling for these bots too, next to those that it has. */
  | { readonly kind: 'add'; readonly tokens: readonly string[] }
  /** Answered with the CPU time that the process has used so far, in microseconds. */
  | { readonly kind: 'cpu' }
  /** Answered with {@link ClientMemory}. */
  | { readonly kind: 'memory' }
  /** Answered once all bots have stopped. Only our runtime is asked for it. */
  | { readonly kind: 'stop' };

/** Bytes that stay after garbage collection. */
export interface ClientMemory {
  readonly resident: number;
  /**
   * The part of them that is the heap's young generation. It grows once, to 48 MB at most, with the
   * pace at which a process allocates, and would be counted as the first thousand bots' otherwise.
   */
  readonly young: number;
  /** What is in use of the heap. Absent where there is none such. */
  readonly heap?: number;
}

/** How a client does what it is asked for. */
export interface MeasuredClient {
  /** Starts bots, and returns before they poll. */
  readonly add: (tokens: readonly string[]) => void;
  readonly stop?: () => Promise<void>;
}

/** Makes this process a measured client. */
export function beMeasured(client: MeasuredClient): void {
  answerParent((request: ClientRequest) => {
    switch (request.kind) {
      case 'add':
        return client.add(request.tokens);
      case 'cpu':
        return cpuMicros();
      case 'memory':
        return memory();
      case 'stop':
        return client.stop?.();
      default:
        return request satisfies never;
    }
  });
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function memory(): Promise<ClientMemory> {
  // What the first collection lets go of may hold more. Only one of the last resort gives all pages
  // back that are not full; those of others hide the weight of hundreds of bots.
  for (let pass = 0; pass < 5; pass++) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    await nextMacrotask();
  }
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  const { rss: resident, heapUsed: heap } = process.memoryUsage();
  return { resident, young: young?.physical_space_size ?? 0, heap };
}
