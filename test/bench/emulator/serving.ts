import { answerParent } from '../../support/answering.ts';

/** Where a measured server listens, and how to call it. */
export interface Address {
  readonly port: number;
  /** Token and user of each bot: the user has talked to the bot. */
  readonly bots: readonly { readonly token: string; readonly userId: number }[];
}

/** What a measured server is asked for. */
export type ServerRequest =
  | { readonly kind: 'address' }
  /** Answered with the CPU time that the process has used so far, in microseconds. */
  | { readonly kind: 'cpu' }
  /** Answered with {@link ServerSize}. */
  | { readonly kind: 'size' }
  /** Sends updates to the polling bots in turn at a steady pace; answered once all are fetched. */
  | {
      readonly kind: 'traffic';
      readonly updates: number;
      readonly perSecond: number;
      readonly polls: number;
    };

/** How large the server is right now. */
export interface ServerSize {
  readonly heldPolls: number;
  /** Bytes in use after garbage collection: heap and what hangs from it. */
  readonly bytes: number;
}

/** What a measured server does itself. */
export interface Served {
  readonly address: Address;
  readonly heldPolls: () => number;
  /** Sends an update to the bot at that place of the address. */
  readonly sendUpdate: (place: number) => void;
}

const TICK_MS = 10;

/** Makes this process a measured server. */
export function beServer({ address, heldPolls, sendUpdate }: Served): void {
  answerParent((request: ServerRequest) => {
    switch (request.kind) {
      case 'address':
        return address;
      case 'cpu':
        return cpuMicros();
      case 'size':
        return { heldPolls: heldPolls(), bytes: bytesInUse() };
      case 'traffic':
        return traffic(request, sendUpdate, () => heldPolls() === request.polls);
      default:
        return request satisfies never;
    }
  });
}

function traffic(
  { updates, perSecond, polls }: ServerRequest & { readonly kind: 'traffic' },
  sendUpdate: (place: number) => void,
  allHeld: () => boolean,
): Promise<void> {
  const startMs = performance.now();
  let sent = 0;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(updates, ((performance.now() - startMs) * perSecond) / 1_000);
      while (sent < due) sendUpdate(sent++ % polls);
      if (sent < updates || !allHeld()) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
