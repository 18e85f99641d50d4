import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { environmentError, errorMessage } from './errors.ts';

/** Where a server is to listen: on all addresses unless `host` is given, 0 takes a free port. */
export interface ListenAddress {
  readonly host?: string | undefined;
  readonly port: number;
  readonly backlog?: number;
}

/** A server that listens. */
export interface Listener {
  readonly port: number;
  /** Breaks off what is under way, and frees the port. */
  close(): Promise<void>;
}

/** Has `server` listen. Rejects with the code given, in words that name what the port is for. */
export async function listen(
  server: Server,
  { host, port, backlog }: ListenAddress,
  use: { readonly purpose: string; readonly code: string },
): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `port ${port} for ${use.purpose} can't be opened: ${errorMessage(error)}`;
      reject(environmentError(use.code, message, error));
    });
    server.listen({ port, host, backlog }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
