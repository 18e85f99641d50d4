import { nextMacrotask } from '../../src/lib/clock.ts';
import { answerParent } from '../support/answering.ts';

/** What a measured client is asked for. */
export type ClientRequest =
  /** Starts polling for these bots too, next to those that it has. */
  { readonly kind: 'add'; readonly tokens: readonly string[] } | { readonly kind: 'measure' };

/** What a client has used so far. Memory is what stays after garbage collection. */
export interface Usage {
  readonly residentBytes: number;
  readonly cpuMicros: number;
}

/** Makes this process a measured client; `add` starts bots and returns before they poll. */
export function beMeasured(add: (tokens: readonly string[]) => void): void {
  answerParent((request: ClientRequest) => {
    switch (request.kind) {
      case 'add':
        return add(request.tokens);
      case 'measure':
        return measure();
      default:
        return request satisfies never;
    }
  });
}

async function measure(): Promise<Usage> {
  const { user, system } = process.cpuUsage();
  // What the first collection lets go of may hold more, and pages go back to the system late.
  for (let pass = 0; pass < 5; pass++) {
    globalThis.gc?.();
    await nextMacrotask();
  }
  return { residentBytes: process.memoryUsage.rss(), cpuMicros: user + system };
}
