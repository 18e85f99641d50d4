import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from '../lib/certificates.ts';
import type { Clock } from '../lib/clock.ts';
import { errorMessage } from '../lib/errors.ts';
import type { Span, Tracing } from '../lib/tracing.ts';
import { answerHistory, type HistoryService } from './answer-history.ts';
import { answerSync } from './answer-sync.ts';
import type { ControlLog } from './control-log.ts';
import { HISTORY_PATH } from './history-messages.ts';
import { SYNC_PATH } from './messages.ts';
import { ControlProblem, PROBLEM_TYPE } from './problem.ts';

/** What {@link startControlServer} serves, and how. */
export interface ControlServerOptions extends HistoryService {
  readonly host: string;
  readonly port: number;
  /** What to show from the next connection on. */
  readonly certificate: () => KeyPair;
  /** Where what runtimes trace goes on; nothing is traced without it. */
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
}

/** The leader's end of the control channel while it listens. */
export interface ControlServer {
  readonly port: number;
  /** Answers what is held and ends all connections. */
  close(): Promise<void>;
}

const TLS = { minVersion: 'TLSv1.3' } as const;
/** How long a whole request may take to arrive. */
const REQUEST_MS = 30_000;
const HEADERS_MS = 10_000;
/** How long answers may take to leave when the server closes. */
const CLOSE_MS = 1_000;
/** A runtime asks every second; longer silence means that it is gone. */
const KEEP_ALIVE_MS = 30_000;

/**
 * Serves runtimes over TLS 1.3. A replica that does not lead answers 503, names the leader and
 * closes the connection, so that the next one goes where the Service leads. Rejects where it can't
 * listen.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  let shown = options.certificate();
  const server = createServer({ ...shown, ...TLS }, (request, response) => {
    void serve(options, request, response);
  });
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = HEADERS_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // Before the server's own listener, which begins the handshake.
  server.prependListener('connection', () => {
    const certificate = options.certificate();
    if (certificate.cert === shown.cert) return;
    shown = certificate;
    server.setSecureContext({ ...shown, ...TLS });
  });
  // A handshake that fails is the client's affair: a scanner, or a CA that it does not know yet.
  server.on('tlsClientError', (_, socket) => socket.destroy());
  await listening(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => closed(server, options),
  };
}

function closed(server: Server, { hub, clock }: ControlServerOptions): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(CLOSE_MS, () => server.closeAllConnections());
    server.close(() => {
      timer.cancel();
      resolve();
    });
    hub()?.close();
  });
}

function listening(server: Server, { host, port, log }: ControlServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', (error) => log.warn(`control server: ${errorMessage(error)}`));
      resolve();
    });
  });
}

/** Answers one request. Never rejects. */
async function serve(
  options: ControlServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const span = beginSpan(options, request);
  try {
    const answer = await answerFor(request)(options, request, gone.signal);
    send(response, 200, { 'content-type': 'application/json' }, answer);
  } catch (error) {
    if (gone.signal.aborted) return;
    const problem = error instanceof ControlProblem ? error : defect(options.log, error);
    span?.fail(problem.body.code);
    // What is left of the request is not read: the connection can't go on.
    const headers = { 'content-type': PROBLEM_TYPE, connection: 'close', ...problem.headers };
    send(response, problem.body.status, headers, problem.body);
  } finally {
    span?.end();
  }
}

/** Only what a runtime traces is traced here. */
function beginSpan(
  { tracing }: ControlServerOptions,
  { headers: { traceparent }, url = '/' }: IncomingMessage,
): Span | undefined {
  if (!tracing || typeof traceparent !== 'string') return undefined;
  const isKnown = url === SYNC_PATH || url === HISTORY_PATH;
  return tracing.begin(`control ${isKnown ? url : 'elsewhere'}`, 'server', {
    attributes: {},
    traceparent,
  });
}

/** Who answers it. Throws a {@link ControlProblem} where nobody does. */
function answerFor({
  url = '/',
  method,
}: IncomingMessage): typeof answerSync | typeof answerHistory {
  if (url !== SYNC_PATH && url !== HISTORY_PATH) {
    const detail = `There is nothing here but ${SYNC_PATH} and ${HISTORY_PATH}.`;
    throw new ControlProblem(404, 'NOT_FOUND', detail);
  }
  if (method !== 'POST') {
    throw new ControlProblem(405, 'METHOD_NOT_ALLOWED', `${url} takes POST.`);
  }
  return url === SYNC_PATH ? answerSync : answerHistory;
}

function send(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: object,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function defect(log: ControlLog, error: unknown): ControlProblem {
  log.warn(`a request on the control channel failed: ${errorMessage(error)}`);
  return new ControlProblem(500, 'INTERNAL', 'The leader failed; its log says why.');
}
