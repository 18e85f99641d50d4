import { createServer, type ServerResponse } from 'node:http';
import { errorMessage } from '../lib/errors.ts';
import { type Listener, listen } from '../lib/listen.ts';
import type { MetricsSource } from './registry.ts';

/** One thing to look at: undefined where all is well, else what is wrong and what to do. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

/** By name, in the order in which they are shown. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

export interface HealthServerOptions {
  /** All addresses unless given. */
  readonly host?: string;
  readonly port: number;
  /** `/healthz`: whether a restart would help. That the answer comes at all is a check by itself. */
  readonly live: HealthChecks;
  /** `/readyz`: whether there is any use in sending work here. */
  readonly ready: HealthChecks;
  /** `/metrics` */
  readonly registry: MetricsSource;
}

/** A page for kubelet and Prometheus. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

/**
 * Serves `/healthz`, `/readyz` and `/metrics` over plain HTTP. The first two answer 200 or 503, and
 * list every check as the components of Kubernetes do. Rejects where it can't listen.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<Listener> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    void (isRead ? pageAt(path, options) : Promise.resolve(refusal(405, 'takes GET'))).then(
      (page) => send(response, page),
    );
  });
  return listen(server, options, { purpose: 'health and metrics', code: 'HEALTH_PORT_UNUSABLE' });
}

/** Never rejects. */
async function pageAt(path: string, options: HealthServerOptions): Promise<Page> {
  switch (path) {
    case '/healthz':
      return report(options.live);
    case '/readyz':
      return report(options.ready);
    case '/metrics':
      return metrics(options.registry);
    default:
      return refusal(404, 'there are /healthz, /readyz and /metrics');
  }
}

async function report(checks: HealthChecks): Promise<Page> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => ({ name, problem: await outcome(check) })),
  );
  const lines = results.map(({ name, problem }) =>
    problem === undefined ? `[+]${name} ok` : `[-]${name} failed: ${problem}`,
  );
  const isWell = results.every(({ problem }) => problem === undefined);
  const body = [...lines, isWell ? 'ok' : 'failed', ''].join('\n');
  return { status: isWell ? 200 : 503, type: TEXT, body };
}

async function outcome(check: HealthCheck): Promise<string | undefined> {
  try {
    return await check();
  } catch (error) {
    return errorMessage(error);
  }
}

async function metrics(registry: MetricsSource): Promise<Page> {
  try {
    return { status: 200, type: registry.contentType, body: await registry.metrics() };
  } catch (error) {
    return refusal(500, errorMessage(error));
  }
}

function refusal(status: number, words: string): Page {
  return { status, type: TEXT, body: `${words}\n` };
}

function send(response: ServerResponse, { status, type, body }: Page): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
