import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from '../lib/certificates.ts';
import { ApiError } from './api-error.ts';
import type { BotApi, Handled } from './bot-api.ts';
import { type Reply, replyTo } from './reply.ts';
import { ClientGone, readArgs } from './request-args.ts';
import { parseCallPath } from './tokens.ts';

type Request = IncomingMessage | Http2ServerRequest;
/** Over HTTP/2 the same face with another class behind it. */
type Response = ServerResponse;

/** How the Bot API is served. */
export interface ApiServerOptions {
  readonly api: BotApi;
  readonly host: string;
  readonly port: number;
  /** Plain HTTP where undefined. */
  readonly tls: KeyPair | undefined;
  /** Offers HTTP/2 beside HTTP/1.1; only over TLS. */
  readonly http2: boolean;
  readonly maxStreams: number;
  /** Hears of defects of the emulator itself. */
  readonly onDefect: (error: unknown) => void;
}

/** A listening server. */
export interface ApiServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A pooled connection may rest for long between two calls, as with the real server. */
const KEEP_ALIVE_MS = 500_000;

/** Serves the Bot API until it is closed. Rejects where it can't listen. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const sessions = new Set<ServerHttp2Session>();
  const server = openServer(options, sessions);
  const listener = (request: Request, raw: ServerResponse | Http2ServerResponse): void => {
    const response = raw as Response;
    serve(options.api, request, response).catch((error: unknown) => {
      options.onDefect(error);
      cut(response);
    });
  };
  server.on('request', listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.on('error', options.onDefect);
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
    },
  };
}

function openServer(
  { tls, http2, maxStreams }: ApiServerOptions,
  sessions: Set<ServerHttp2Session>,
): Server | Http2SecureServer {
  if (!tls) return tuned(createServer());
  if (!http2) return tuned(createTlsServer({ key: tls.key, cert: tls.cert }));
  const server = createSecureServer({
    key: tls.key,
    cert: tls.cert,
    allowHTTP1: true,
    settings: { maxConcurrentStreams: maxStreams },
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  return server;
}

function tuned<Kind extends Server>(server: Kind): Kind {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.requestTimeout = 0;
  return server;
}

async function serve(api: BotApi, request: Request, response: Response): Promise<void> {
  let clientGone = false;
  response.once('close', () => {
    clientGone = true;
  });
  const path = parseCallPath(request.url ?? '/');
  if (!path) {
    request.resume();
    write(response, replyTo({ error: new ApiError(404, 'Not Found') }));
    return;
  }
  let handled: Handled;
  try {
    const address = request.socket.remoteAddress ?? '';
    handled = await api.handle(path, await readArgs(request, path.query), address);
  } catch (error) {
    if (clientGone || error instanceof ClientGone) return;
    if (!(error instanceof ApiError)) throw error;
    if (!('stream' in response)) response.setHeader('connection', 'close');
    write(response, replyTo({ error }));
    return;
  }
  if (!clientGone) write(response, handled.reply);
  handled.sent(clientGone);
}

function write(response: Response, reply: Reply): void {
  switch (reply.kind) {
    case 'hang':
      return;
    case 'reset':
      cut(response);
      return;
    case 'truncated': {
      const bytes = Buffer.from(reply.body);
      response.writeHead(reply.status, headers(bytes.length));
      response.write(bytes.subarray(0, bytes.length >> 1), () => cut(response));
      return;
    }
    case 'answer': {
      const length = Buffer.byteLength(reply.body);
      if (reply.retryAfterSeconds !== undefined) {
        response.setHeader('retry-after', reply.retryAfterSeconds);
      }
      response.writeHead(reply.status, headers(length, reply.type));
      response.end(reply.body);
      return;
    }
    default:
      reply satisfies never;
  }
}

function headers(length: number, type = 'application/json'): OutgoingHttpHeaders {
  return { 'content-type': type, 'content-length': length };
}

/** Breaks the connection without a word; over HTTP/2 only this call's stream. */
function cut(response: Response): void {
  const either: ServerResponse | Http2ServerResponse = response;
  if (either instanceof Http2ServerResponse) {
    either.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else if (response.socket && !('encrypted' in response.socket)) {
    response.socket.resetAndDestroy();
  } else {
    response.socket?.destroy();
  }
}
