import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RequestProblem } from '../problem.ts';
import type { Count, Counters } from './counters.ts';
import type { Limit, LimitClass, LimitTable } from './limit-classes.ts';
import { isWithin, type Network, peerOf } from './networks.ts';

/** What {@link Limits} go by. */
export interface LimitsOptions {
  readonly table: LimitTable;
  readonly counters: Counters;
  /** From where as much may be done as anybody likes. */
  readonly unlimited: readonly Network[];
}

/** Keeps addresses to how often they may do what. */
export class Limits {
  readonly #options: LimitsOptions;

  constructor(options: LimitsOptions) {
    this.#options = options;
  }

  /**
   * Counts a request as `kind`, tells in the headers how much is left, and ends it with a problem
   * where that is nothing, or where too many tokens from there were nobody's.
   */
  async admit(kind: LimitClass, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const peer = this.#limited(request);
    if (peer === undefined) return;
    const { counters, table } = this.#options;
    const [count, refusals] = await Promise.all([
      counters.add(kind, peer),
      counters.look('refusals', peer),
    ]);
    tell(reply, table[kind], count);
    if (refusals.used >= table.refusals.count) throw tooMany(reply, refusals, 'refused tokens');
    if (count.used > table[kind].count) throw tooMany(reply, count, `requests (${kind})`);
  }

  /** Counts that a token was nobody's. */
  async refused(request: FastifyRequest): Promise<void> {
    const peer = this.#limited(request);
    if (peer !== undefined) await this.#options.counters.add('refusals', peer);
  }

  #limited({ ip }: FastifyRequest): string | undefined {
    return isWithin(ip, this.#options.unlimited) ? undefined : peerOf(ip);
  }
}

/** Has every route of `app` kept to `limits`. */
export function addLimits(app: FastifyInstance, limits: Limits): void {
  app.addHook('onRequest', (request, reply) => limits.admit(kindOf(request), request, reply));
  app.addHook('onError', async (request, _reply, error) => {
    if (error instanceof RequestProblem && error.problem.code === 'TOKEN_REFUSED') {
      await limits.refused(request);
    }
  });
}

function kindOf({ method, routeOptions }: FastifyRequest): LimitClass {
  const isRead = method === 'GET' || method === 'HEAD';
  return routeOptions.config.limit ?? (isRead ? 'reads' : 'operations');
}

/** As draft-ietf-httpapi-ratelimit-headers-06 has it. */
function tell(reply: FastifyReply, { count }: Limit, { used, resetMs }: Count): void {
  void reply.headers({
    'ratelimit-limit': count,
    'ratelimit-remaining': Math.max(count - used, 0),
    'ratelimit-reset': Math.ceil(resetMs / 1_000),
  });
}

function tooMany(reply: FastifyReply, { resetMs }: Count, what: string): RequestProblem {
  const seconds = Math.max(Math.ceil(resetMs / 1_000), 1);
  void reply.header('retry-after', seconds);
  const words = `too many ${what} from your address; ask again in ${seconds} s`;
  return new RequestProblem(429, 'TOO_MANY_REQUESTS', words);
}
