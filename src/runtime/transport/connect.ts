import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type SecureContext } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Lookup } from './dns-cache.ts';

/** Who is told how a connection does. */
export interface SocketEvents {
  /** It is open. */
  onOpen(): void;
  /** What came in; the bytes are overwritten once this returns. */
  onBytes(bytes: Buffer): void;
  /** It is closed, or could not be opened. Nothing follows. */
  onClosed(error: Error | undefined): void;
}

/** Opens a connection to one server. Its socket may be written to once it is open. */
export type Connect = (events: SocketEvents) => Socket;

export interface ConnectOptions {
  readonly origin: URL;
  readonly clock: Clock;
  /** For all of it: the lookup, TCP and TLS. */
  readonly timeoutMs: number;
  readonly lookup: Lookup;
  /** What to speak inside TLS, the one that is preferred first. */
  readonly protocols: readonly ('http/1.1' | 'h2')[];
  /** Needed for https. One for all connections: a context of its own would cost each its memory. */
  readonly secureContext?: SecureContext;
}

/** As much as one record of TLS holds. */
const READ_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 60_000;

/**
 * A function that opens connections to the server of `origin`. All of them are read into one piece
 * of memory: a stream of each would allocate some for whatever comes in, and more to pass it on.
 */
export function createConnect(options: ConnectOptions): Connect {
  const { origin, clock, timeoutMs } = options;
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  const open = origin.protocol === 'https:' ? tlsOpener(options) : tcpOpener(options);
  return (events) => {
    const onread: OnReadOpts = {
      buffer,
      callback: (length) => {
        events.onBytes(buffer.subarray(0, length));
        return true;
      },
    };
    let problem: Error | undefined;
    const socket = open(onread, () => {
      timer.cancel();
      events.onOpen();
    });
    const timer = clock.setTimer(timeoutMs, () => socket.destroy(tooSlow()));
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('error', (error: Error) => {
      problem = error;
    });
    socket.once('close', () => {
      timer.cancel();
      events.onClosed(problem);
    });
    return socket;
  };
}

type Opener = (onread: OnReadOpts, onOpen: () => void) => Socket;

function tcpOpener({ origin, lookup }: ConnectOptions): Opener {
  const port = Number(origin.port) || 80;
  const host = hostOf(origin);
  return (onread, onOpen) => connectTcp({ host, port, lookup, onread }, onOpen);
}

function tlsOpener({ origin, lookup, protocols, secureContext }: ConnectOptions): Opener {
  const port = Number(origin.port) || 443;
  const host = hostOf(origin);
  const target: ConnectionOptions = {
    host,
    port,
    lookup,
    secureContext,
    ALPNProtocols: [...protocols],
    // An address is no name that TLS could send.
    ...(isIP(host) === 0 && { servername: host }),
  };
  /** Spares the next connection half of a handshake. */
  let session: Buffer | undefined;
  return (onread, onOpen) => {
    const socket = connectTls({ ...target, session, onread } as ConnectionOptions, onOpen);
    socket.on('session', (latest: Buffer) => {
      session = latest;
    });
    return socket;
  };
}

/** An address of IPv6 without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function tooSlow(): Error {
  return Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' });
}

/** What ends with a connection that we have closed. */
export function connectionClosed(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ERR_SOCKET_CLOSED' });
}
