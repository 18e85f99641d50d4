import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from '../../src/kube/kubeconfig.ts';

/** A request as it came to the proxy. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly isWatch: boolean;
}

/** One frame of a watch, as the API server sent it. */
export interface WatchFrame {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: { readonly name?: string; readonly resourceVersion: string };
  };
}

/** What becomes of a request. */
export type RequestFault =
  /** The proxy answers in the API server's place, which never hears of it. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly reason: string;
      readonly retryAfterSeconds?: number;
    }
  /** The connection breaks before the API server hears of it, or after it has carried it out. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
  /** Half of the answer comes, and the connection breaks. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** It lies on the way until then, and goes on to the API server, also where its sender has gone. */
  | { readonly kind: 'hold'; readonly until: Promise<void> };

/** What becomes of a frame, and of its watch. */
export type FrameFault =
  | { readonly kind: 'drop' }
  /** These come first: ERROR frames, or what has been sent before. */
  | { readonly kind: 'inject'; readonly frames: readonly object[] }
  /** Half of the frame comes, and the answer ends as if it were complete. */
  | { readonly kind: 'truncate' }
  /** Half of the frame comes as a line of its own, and the watch goes on. */
  | { readonly kind: 'garble' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'end' }
  /** Neither this nor anything after it comes, and the connection stays open. */
  | { readonly kind: 'stall' }
  | { readonly kind: 'delay'; readonly ms: number };

/** Asked for every request, and for every frame of a watch. Undefined lets it pass. */
export interface ApiFaults {
  readonly request?: (request: ProxiedRequest) => RequestFault | undefined;
  readonly frame?: (frame: WatchFrame, request: ProxiedRequest) => FrameFault | undefined;
}

/** A running proxy. */
export interface ApiFaultProxy extends AsyncDisposable {
  /** For clients that shall go through the proxy. */
  readonly access: ClusterAccess;
  /** None at first; may be replaced at any time. */
  faults: ApiFaults;
  /** Breaks every connection that is open now. */
  cutAll(): void;
}

/**
 * A proxy before a real API server that does harm on demand. It speaks plain HTTP on a free port of
 * this machine, and lends `upstream`'s credentials to those who bring none.
 */
export async function startApiFaultProxy(upstream: ClusterAccess): Promise<ApiFaultProxy> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = proxied(incoming);
    const body = await buffer(incoming);
    const fault = proxy.faults.request?.(request);
    if (fault && (await preempt(response, fault))) return undefined;
    const answer = await send(upstream, incoming, body);
    response.once('close', () => answer.destroy());
    if (fault?.kind === 'cut' || fault?.kind === 'truncate') {
      return spoil(response, answer, fault.kind);
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (!request.isWatch || answer.statusCode !== 200) return pipeline(answer, response);
    return sendFrames(response, answer, (frame) => proxy.faults.frame?.(frame, request));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const proxy: ApiFaultProxy = {
    access: {
      server: new URL(`http://127.0.0.1:${port}`),
      namespace: upstream.namespace,
      proxyUrl: undefined,
      credentials: () => Promise.resolve({ headers: {}, tls: {} }),
    },
    faults: {},
    cutAll: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return proxy;
}

function proxied({ method = 'GET', url = '/' }: IncomingMessage): ProxiedRequest {
  const { pathname, searchParams } = new URL(url, 'http://proxy');
  const isWatch = searchParams.get('watch') === 'true';
  return { method, path: pathname, query: searchParams, isWatch };
}

async function send(
  upstream: ClusterAccess,
  { headers, method, url = '/' }: IncomingMessage,
  body: Buffer,
): Promise<IncomingMessage> {
  const credentials = await upstream.credentials();
  const { host: _host, 'accept-encoding': _encoding, ...others } = headers;
  const lent = headers.authorization === undefined ? credentials.headers : {};
  const options = {
    method,
    headers: { ...others, ...lent },
    ...credentials.tls,
  } as RequestOptions;
  const target = new URL(upstream.server.pathname.replace(/\/$/, '') + url, upstream.server);
  const outgoing = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, options);
  outgoing.end(body);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  return answer;
}

/** What a fault does before the API server hears of the request. Returns whether it never will. */
async function preempt(response: ServerResponse, fault: RequestFault): Promise<boolean> {
  if (fault.kind === 'delay') await sleep(fault.ms);
  if (fault.kind === 'hold') await fault.until;
  if (fault.kind === 'answer') sendStatus(response, fault);
  else if (fault.kind !== 'cut' || fault.when === 'after') return false;
  else response.destroy();
  return true;
}

function sendStatus(
  response: ServerResponse,
  { status, reason, retryAfterSeconds }: RequestFault & { readonly kind: 'answer' },
): void {
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(statusObject(status, reason)));
}

/** A `Status` as the API server words it: the body of an error, or the object of an ERROR frame. */
export function statusObject(code: number, reason: string): object {
  const message = `injected: ${reason}`;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  };
}

/** The API server has done its work, and its answer comes by half or not at all. */
async function spoil(
  response: ServerResponse,
  answer: IncomingMessage,
  kind: 'cut' | 'truncate',
): Promise<void> {
  const body = await buffer(answer);
  if (kind === 'truncate') {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    await write(response, body.subarray(0, body.length / 2));
  }
  response.destroy();
}

async function sendFrames(
  response: ServerResponse,
  answer: IncomingMessage,
  faultOf: (frame: WatchFrame) => FrameFault | undefined,
): Promise<void> {
  response.flushHeaders();
  for await (const line of createInterface(answer)) {
    const over = await sendFrame(response, line, faultOf(JSON.parse(line) as WatchFrame));
    if (over) return;
  }
  response.end();
}

/** Resolves when it is on its way, so that a cut does not take it back. */
function write(response: ServerResponse, data: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    response.write(data, () => resolve());
  });
}

/** Whether the watch is over. */
async function sendFrame(
  response: ServerResponse,
  line: string,
  fault: FrameFault | undefined,
): Promise<boolean> {
  const half = line.slice(0, line.length / 2);
  switch (fault?.kind) {
    case 'drop':
      return false;
    case 'stall':
      await once(response, 'close');
      return true;
    case 'cut':
      response.destroy();
      return true;
    case 'end':
      response.end();
      return true;
    case 'truncate':
      response.end(half);
      return true;
    case 'garble':
      await write(response, `${half}\n`);
      return false;
    case 'inject':
      for (const frame of fault.frames) await write(response, `${JSON.stringify(frame)}\n`);
      break;
    case 'delay':
      await sleep(fault.ms);
      break;
    case undefined:
  }
  await write(response, `${line}\n`);
  return false;
}
