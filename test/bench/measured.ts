import { nextMacrotask } from '../../src/lib/clock.ts';
import { answerParent } from '../support/answering.ts';

/** What a measured client is asked for. */
export type ClientRequest =
  /** Starts polling for these bots too, next to those that it has. */
  | { readonly kind: 'add'; readonly tokens: readonly string[] }
  /** Answered with the CPU time that the process has used so far, in microseconds. */
  | { readonly kind: 'cpu' }
  /** Answered with the resident bytes that stay after garbage collection. */
  | { readonly kind: 'memory' };

/** Makes this process a measured client; `add` starts bots and returns before they poll. */
export function beMeasured(add: (tokens: readonly string[]) => void): void {
  answerParent((request: ClientRequest) => {
    switch (request.kind) {
      case 'add':
        return add(request.tokens);
      case 'cpu':
        return cpuMicros();
      case 'memory':
        return residentBytes();
      default:
        return request satisfies never;
    }
  });
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function residentBytes(): Promise<number> {
  // What the first collection lets go of may hold more, and pages go back to the system late.
  for (let pass = 0; pass < 5; pass++) {
    globalThis.gc?.();
    await nextMacrotask();
  }
  return process.memoryUsage.rss();
}
