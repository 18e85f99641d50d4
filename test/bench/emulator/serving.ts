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
  | { readonly kind: 'size' };

/** How large the server is right now. */
export interface ServerSize {
  readonly heldPolls: number;
  /** Bytes in use after garbage collection: heap and what hangs from it. */
  readonly bytes: number;
}

/** Makes this process a measured server. */
export function beServer(address: Address, heldPolls: () => number): void {
  answerParent((request: ServerRequest) => {
    switch (request.kind) {
      case 'address':
        return address;
      case 'cpu':
        return cpuMicros();
      case 'size':
        return { heldPolls: heldPolls(), bytes: bytesInUse() };
      default:
        return request satisfies never;
    }
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
