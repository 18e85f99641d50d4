import type { RetryBook } from '../../api/retry-counts.ts';
import type { Api } from './api.ts';

/** Reading the retries of all bots; DELETE answers with what was counted, and begins anew. */
export function addRetryRoutes(api: Api, retries: RetryBook): void {
  api.get('/v1/retries', () => retries.snapshot());
  api.delete('/v1/retries', () => {
    const snapshot = retries.snapshot();
    retries.reset();
    return snapshot;
  });
}
