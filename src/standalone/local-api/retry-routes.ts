import type { RetryStatistics } from '../../runtime/pipeline/retries/retry-statistics.ts';
import type { Api } from './api.ts';

/** Reading the retries of all bots; DELETE answers with what was counted, and begins anew. */
export function addRetryRoutes(api: Api, statistics: RetryStatistics): void {
  api.get('/v1/retries', () => statistics.snapshot());
  api.delete('/v1/retries', () => {
    const snapshot = statistics.snapshot();
    statistics.reset();
    return snapshot;
  });
}
