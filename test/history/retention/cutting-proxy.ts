import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type DatabaseAddress, parseDatabaseUrl } from '../../../src/history/database-address.ts';
import { Secret } from '../../../src/lib/secret.ts';

/** The way to a database, which breaks off like a client that is killed. */
export interface CuttingProxy {
  readonly address: DatabaseAddress;
  /** Lets so many more messages of the client through, and then none. */
  cutAfter(messages: number): void;
  /** Whether it has broken off since it was told to. */
  readonly isCut: boolean;
}

/** Starts one before the server of `url`. Ends with the test. */
export async function startCuttingProxy(url: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let left = Number.POSITIVE_INFINITY;
  let isCut = false;
  const server = createServer((client) => {
    const database = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => void to.destroy());
    }
    database.on('data', (chunk) => void client.write(chunk));
    client.on('data', (chunk) => {
      if (left-- > 0) {
        database.write(chunk);
        return;
      }
      isCut = true;
      client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const here = new URL(url);
  here.port = String((server.address() as AddressInfo).port);
  return {
    address: parseDatabaseUrl(new Secret(here.href)),
    cutAfter(messages) {
      left = messages;
      isCut = false;
    },
    get isCut() {
      return isCut;
    },
  };
}
