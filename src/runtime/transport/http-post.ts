import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { exchange } from './exchange.ts';

/** A POST to a tenant's own service. */
export interface HttpPostRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
  /** A larger answer is broken off. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface HttpPostResponse {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends the request and resolves with the answer, whatever its status; a redirect is not followed.
 * Rejects only with a `TransportError`, whose `fault` tells a service that is down (`network`),
 * slow (`timeout`) or answers too much (`too-large`), or that `signal` aborted (`aborted`).
 */
export type HttpPost = (request: HttpPostRequest) => Promise<HttpPostResponse>;

/** Enough for the bots of a shard that share one service, few enough not to flood it. */
const CONNECTIONS_PER_SERVICE = 32;
const CONNECT_TIMEOUT_MS = 5_000;

/** An {@link HttpPost} over connections of its own, kept alive and bounded for each service. */
export function createHttpPost(clock: Clock): { readonly post: HttpPost; close(): Promise<void> } {
  // Connections are shared by bots, and nothing in them belongs to one.
  const outside = AsyncLocalStorage.snapshot();
  const agent = new Agent({
    connections: CONNECTIONS_PER_SERVICE,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    async post({ url, ...request }) {
      const { origin, pathname, search } = new URL(url);
      const path = pathname + search;
      return await outside(() =>
        exchange(agent, clock, { ...request, origin, path, method: 'POST' }),
      );
    },
    close: () => agent.destroy(),
  };
}
