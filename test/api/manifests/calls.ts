import { bot, fleet, type Row } from './row.ts';

/** TenantBots and BotFleets whose limits, breakers and retries are good or bad. */
export const CALL_ROWS: readonly Row[] = [
  {
    name: 'limits, breaker, retry and restart',
    manifest: bot({
      limits: { requestsPerSecond: 10, burst: 3, maxConcurrent: 2 },
      breaker: { failureThreshold: 1, openSeconds: 3600, successThreshold: 100 },
      retry: {
        network: { strategy: 'Fibonacci', maxRetries: 20, initialDelay: '1ms', maxDelay: '1h' },
        server: { strategy: 'Fixed', jitter: false, retryUncertain: true },
        rateLimit: { maxRetries: 0, maxRetryAfter: '60m' },
        unknown: { strategy: 'Linear' },
      },
      restart: { maxRestarts: 0, cooldownSeconds: 1, heartbeatSeconds: 60 },
    }),
  },
  {
    name: 'burst above the rate',
    manifest: bot({ limits: { requestsPerSecond: 5, burst: 6 } }),
    wrong: { path: 'spec.limits', says: 'burst must not be above requestsPerSecond' },
  },
  ...[0, 1_001].map((requestsPerSecond) => ({
    name: `requestsPerSecond ${requestsPerSecond}`,
    manifest: bot({ limits: { requestsPerSecond, burst: 1 } }),
    wrong: { path: 'spec.limits.requestsPerSecond', says: 'must be at' },
  })),
  ...['0ms', '2h', '1.5s', '5', 's', '-1s', '1d', ''].map((initialDelay) => ({
    name: `initialDelay ${JSON.stringify(initialDelay)}`,
    manifest: bot({ retry: { network: { initialDelay, maxDelay: '1h' } } }),
    wrong: {
      path: 'spec.retry.network.initialDelay',
      says: 'must be a duration from 1ms to 1h, such as 500ms, 30s or 5m',
    },
  })),
  {
    name: 'initialDelay above maxDelay',
    manifest: bot({ retry: { server: { initialDelay: '9s' } } }),
    wrong: { path: 'spec.retry.server', says: 'initialDelay must not be above maxDelay' },
  },
  {
    name: 'a strategy that there is not',
    manifest: bot({ retry: { unknown: { strategy: 'exponential' } } }),
    wrong: { path: 'spec.retry.unknown.strategy', says: 'must be one of Exponential, Linear' },
  },
  ...[59, 86_401].map((heartbeatSeconds) => ({
    name: `heartbeatSeconds ${heartbeatSeconds}`,
    manifest: bot({ restart: { heartbeatSeconds } }),
    wrong: { path: 'spec.restart.heartbeatSeconds', says: 'must be at' },
  })),
  {
    name: 'limits of a fleet',
    manifest: fleet({ rateLimits: { perSecond: 1, methods: { sendMessage: 25 } } }),
  },
  ...['SendMessage', 'send-message', 'a', ''].map((method) => ({
    name: `limit of the method ${JSON.stringify(method)}`,
    manifest: fleet({ rateLimits: { methods: { [method]: 1 } } }),
    wrong: { path: 'spec.rateLimits.methods', says: 'must be names of Bot API methods' },
  })),
  ...[
    { limit: 0, says: 'must be at least 1' },
    { limit: 0.5, says: 'must be a whole number' },
    { limit: 1_000_000, says: 'must be at most 100000' },
  ].flatMap(({ limit, says }) => [
    {
      name: `a limit of ${limit}`,
      manifest: fleet({ rateLimits: { perSecond: limit } }),
      wrong: { path: 'spec.rateLimits.perSecond', says },
    },
    {
      name: `a limit of ${limit} for a method`,
      manifest: fleet({ rateLimits: { methods: { sendMessage: limit } } }),
      wrong: { path: 'spec.rateLimits.methods.sendMessage', says },
    },
  ]),
];
