import { Agent } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { exchange } from '../transport/exchange.ts';

/** Says that a request was passed on already: it is never passed on again. */
export const HOP_HEADER = 'x-tenantbot-hop';
/** Where an update goes that a shard gets for another. */
export interface PassOn {
  /** Whether there is such a shard, and it is another. */
  takes(ordinal: number): boolean;
  /** Sends an update to its shard; resolves to what the answer is to be. Never rejects. */
  send(
    ordinal: number,
    request: { readonly path: string; readonly secret: string; readonly body: Buffer },
  ): Promise<200 | 404 | 503>;
  close(): Promise<void>;
}

export interface PassOnOptions {
  /** Address of a shard, with `{shard}` for its ordinal. */
  readonly peers: string;
  /** Of this shard. */
  readonly ordinal: number;
  /** How many shards there are. Read with each request. */
  readonly shards: () => number;
  readonly clock: Clock;
}

/** Longer than a shard holds a request. */
const TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS_PER_SHARD = 64;
const MAX_ANSWER_BYTES = 4_096;

/**
 * Passes updates on among the shards of a fleet, so that one address outside serves all of them,
 * whichever shard a request comes to. Only to shards that there are, only once, and only for so long.
 */
export function createPassOn({ peers, ordinal: own, shards, clock }: PassOnOptions): PassOn {
  const agent = new Agent({
    connections: CONNECTIONS_PER_SHARD,
    connect: { timeout: CONNECT_TIMEOUT_MS },
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    takes: (ordinal) => ordinal !== own && ordinal < shards(),
    async send(ordinal, { path, secret, body }) {
      try {
        const { status } = await exchange(agent, clock, {
          origin: peers.replaceAll('{shard}', String(ordinal)),
          path,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-telegram-bot-api-secret-token': secret,
            [HOP_HEADER]: '1',
          },
          body,
          timeoutMs: TIMEOUT_MS,
          maxBytes: MAX_ANSWER_BYTES,
        });
        return status === 200 || status === 404 ? status : 503;
      } catch {
        // The shard is being restarted, or full. Telegram sends the update again.
        return 503;
      }
    },
    close: () => agent.destroy(),
  };
}
