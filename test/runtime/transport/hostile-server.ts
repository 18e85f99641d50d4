import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that answers as a test wants it to, on a port of its own. */
export interface HostileServer extends AsyncDisposable {
  readonly origin: string;
}

/** Starts a server that treats every request as `listener` does. */
export async function hostileServer(listener: RequestListener): Promise<HostileServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** An address at which nobody listens. */
export async function deadOrigin(): Promise<string> {
  const server = await hostileServer(() => undefined);
  await server[Symbol.asyncDispose]();
  return server.origin;
}
