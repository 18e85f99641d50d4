import { Agent, request } from 'undici';
import { FORWARDED } from '../../admin/by-leader.ts';
import type { Caller } from '../../admin/caller.ts';
import { problemSchema, RequestProblem } from '../../admin/problem.ts';
import { readJson } from '../../control/read-json.ts';
import { errorMessage } from '../../lib/errors.ts';

const WITHIN_MS = 10_000;
const MAX_ANSWER_BYTES = 4 << 20;

/** Where the leader's admin API is. */
export interface LeaderAdminOptions {
  /** `https://host:port`, a name that leads to the leader alone. */
  readonly url: string;
  /** Certificates to trust, PEM. */
  readonly ca: () => string;
}

/**
 * Has the leader's admin API answer as somebody who has asked this replica. Rejects with the
 * leader's own problem, or with 503 where it can't be reached.
 */
export function leaderAdmin({ url, ca }: LeaderAdminOptions) {
  return async (
    { token }: Caller,
    { method, path }: { readonly method: string; readonly path: string },
    signal: AbortSignal,
  ): Promise<unknown> => {
    // It is rarely asked, and another pod may lead the next time.
    const dispatcher = new Agent({ connect: { ca: ca() }, headersTimeout: WITHIN_MS });
    try {
      const { statusCode, body } = await request(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token.reveal()}`, [FORWARDED]: '1' },
        dispatcher,
        signal: AbortSignal.any([signal, AbortSignal.timeout(WITHIN_MS)]),
      });
      const json = await readJson(body, {
        maxBytes: MAX_ANSWER_BYTES,
        tooLarge: () => new Error('its answer is too large'),
        notJson: () => new Error(`its answer (HTTP ${statusCode}) is not JSON`),
      });
      if (statusCode === 200) return json;
      const { status, code, detail } = problemSchema.parse(json);
      throw new RequestProblem(status, code, detail);
    } catch (error) {
      if (error instanceof RequestProblem) throw error;
      const words = `only the leader knows this, and it does not answer: ${errorMessage(error)}`;
      throw new RequestProblem(503, 'LEADER_AWAY', words);
    } finally {
      await dispatcher.destroy();
    }
  };
}
