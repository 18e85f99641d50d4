import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { environmentError } from '../../../src/lib/errors.ts';
import { pipeTo } from './pipe.ts';
import type { RelayRequest } from './relay.ts';

/** An address and a port of TCP. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Ways between this machine's loopback and a node's network, in either direction. They are gone
 * with `close` and with this process.
 */
export class Relays implements AsyncDisposable {
  readonly #helper: ChildProcess;
  readonly #inward: Server[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** `initPid` is the PID 1 of the node, as seen from here. */
  constructor(initPid: number) {
    const program = join(import.meta.dirname, 'relay.ts');
    const args = [`--target=${initPid}`, '--net', '--', process.execPath, program];
    this.#helper = spawn('nsenter', args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#helper.on('error', () => {});
  }

  /** A free port on this machine's 127.0.0.1 (or `port`) that leads to `target` in the node. */
  async out(target: Endpoint, port = 0): Promise<number> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const { port: taken } = server.address() as AddressInfo;
    await this.#ask({ kind: 'out', ...target }, server);
    // The helper has the socket now; two acceptors would share the connections.
    server.close();
    return taken;
  }

  /** Leads `inside`, an address of the node's, to `outside`, as seen from this machine. */
  async in(inside: Endpoint, outside: Endpoint): Promise<void> {
    const server = await this.#ask({ kind: 'in', ...inside });
    if (!server) throw new Error('the relay handed no listener out');
    server.on('connection', (socket) => pipeTo(socket, outside));
    this.#inward.push(server);
  }

  async close(): Promise<void> {
    for (const server of this.#inward) server.close();
    if (this.#helper.exitCode !== null || this.#helper.signalCode !== null) return;
    const exited = once(this.#helper, 'exit');
    this.#helper.kill('SIGKILL');
    await exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // One question at a time, so that the next message is the answer to it.
  #ask(request: RelayRequest, handle?: Server): Promise<Server | undefined> {
    const answer = this.#last.then(() => askHelper(this.#helper, request, handle));
    this.#last = answer.catch(() => {});
    return answer;
  }
}

async function askHelper(
  helper: ChildProcess,
  request: RelayRequest,
  handle?: Server,
): Promise<Server | undefined> {
  const giveUp = new AbortController();
  const answered = once(helper, 'message', giveUp).then(([message, server]) => {
    const { error } = message as { error?: string };
    if (error) throw environmentError('RELAY', `cannot relay ${JSON.stringify(request)}: ${error}`);
    return server as Server | undefined;
  });
  const died = once(helper, 'exit', giveUp).then(([code]) => {
    throw environmentError('RELAY', `the relay into the node's network ended with ${code}`);
  });
  helper.send(
    request,
    handle,
    (error) => error && helper.emit('message', { error: String(error) }),
  );
  try {
    return await Promise.race([answered, died]);
  } finally {
    giveUp.abort();
    await Promise.allSettled([answered, died]);
  }
}
