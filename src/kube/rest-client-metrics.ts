import { Counter, Histogram, type Registry } from 'prom-client';
import type { RestClientMetrics } from './request-sender.ts';

/** client-go's own, in seconds. */
const LATENCY_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** {@link RestClientMetrics} under client-go's names (`rest_client_*`), in `registry`. */
export function restClientMetrics(registry: Registry): RestClientMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Number of HTTP requests, partitioned by status code, method, and host.',
    labelNames: ['code', 'method', 'host'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Request latency in seconds; of a watch until it begins.',
    labelNames: ['verb', 'host'] as const,
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const limited = new Histogram({
    name: 'rest_client_rate_limiter_duration_seconds',
    help: "Time in seconds that requests wait for the client's own rate.",
    labelNames: ['verb', 'host'] as const,
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const retries = new Counter({
    name: 'rest_client_request_retries_total',
    help: 'Number of requests sent again, partitioned by the status code that led to it, verb, and host.',
    labelNames: ['code', 'verb', 'host'] as const,
    registers,
  });
  return {
    admitted({ method: verb, host, waitedMs }) {
      limited.observe({ verb, host }, waitedMs / 1000);
    },
    answered({ method, host, code, durationMs }) {
      requests.inc({ code, method, host });
      duration.observe({ verb: method, host }, durationMs / 1000);
    },
    retried({ method: verb, host, code }) {
      retries.inc({ code, verb, host });
    },
  };
}
