import { RequestProblem } from '../../admin/problem.ts';
import type { RetryStatistics } from '../../runtime/pipeline/retries/retry-statistics.ts';
import type { Api } from './api.ts';

/**
 * Reading the retries of all bots; DELETE answers with what was counted, and begins anew. Without
 * `statistics` both say where else to look.
 */
export function addRetryRoutes(api: Api, statistics: RetryStatistics | undefined): void {
  const counted = (): RetryStatistics => {
    if (statistics) return statistics;
    const words =
      'with --shards each process counts its own retries, as the metric tenantbot_retries_total; start without --shards to read them here';
    throw new RequestProblem(409, 'RETRIES_ELSEWHERE', words);
  };
  api.get('/v1/retries', () => counted().snapshot());
  api.delete('/v1/retries', () => {
    const snapshot = counted().snapshot();
    counted().reset();
    return snapshot;
  });
}
