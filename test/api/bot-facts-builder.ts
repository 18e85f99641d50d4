import fc from 'fast-check';
import type { BotFacts } from '../../src/api/bot-facts.ts';
import {
  BREAKER_STATES,
  type BreakerState,
  type BreakerStatus,
  CLOSED_BREAKER,
} from '../../src/api/breaker.ts';
import {
  HEALTH_STATES,
  type HealthState,
  type HealthStatus,
  UNKNOWN_HEALTH,
} from '../../src/api/health.ts';
import { ASPECTS, LIFECYCLES, type RuntimeFacts } from '../../src/api/runtime-facts.ts';
import { TOKEN_STATES } from '../../src/api/token.ts';

const TIME = '2026-02-01T12:00:00Z';

const running: RuntimeFacts = {
  lifecycle: 'Running',
  generation: 3,
  token: { state: 'Valid', lastChecked: TIME, message: '' },
  bot: { id: 7, username: 'greeter_bot', name: 'Greeter' },
  updates: { mode: 'Polling' },
  health: UNKNOWN_HEALTH,
  breaker: CLOSED_BREAKER,
  counters: { updates: 1, handled: 1, skipped: 0, replies: 1, errors: 0 },
  restarts: 0,
  startedAt: TIME,
};

/** Facts of a bot that answers, with `change` on top. */
export function botFacts(change: Partial<BotFacts> = {}): BotFacts {
  return {
    key: 'shop/greeter',
    generation: 3,
    suspended: false,
    fleet: 'found',
    fleetName: 'default',
    token: { kind: 'found', botId: 7, trimmed: false },
    signingKeys: { kind: 'found' },
    placement: { fleet: 'default', shard: 0, epoch: 1, since: TIME },
    runtime: running,
    ...change,
  };
}

/** Facts of a bot that answers, with `change` in what the runtime tells. */
export function runtimeFacts(change: Partial<RuntimeFacts>): BotFacts {
  return botFacts({ runtime: { ...running, ...change } });
}

/** Facts without what may be absent. */
export function without(facts: BotFacts, ...absent: readonly (keyof BotFacts)[]): BotFacts {
  const left = Object.entries(facts).filter(([name]) => !absent.some((gone) => gone === name));
  return Object.fromEntries(left) as unknown as BotFacts;
}

const message = fc.constantFrom('', 'Something is wrong.');
const healthOf = (state: HealthState): HealthStatus => Object.assign({}, UNKNOWN_HEALTH, { state });
const breakerOf = (state: BreakerState): BreakerStatus =>
  Object.assign({}, CLOSED_BREAKER, { state });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** As if it had been stored: plain objects, without fields that are undefined. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const anyRuntime = fc.record({
  lifecycle: fc.constantFrom(...LIFECYCLES),
  generation: fc.integer({ min: 1, max: 4 }),
  token: fc.record({
    state: fc.constantFrom(...TOKEN_STATES),
    lastChecked: optional(fc.constant(TIME)),
    message,
  }),
  bot: optional(fc.constant(running.bot)),
  conflict: optional(fc.record({ since: fc.constant(TIME), message })),
  updates: fc.constantFrom(
    { mode: 'Polling' as const },
    { mode: 'Webhook' as const, webhookUrl: 'https://bots.example.com/0/…', lastUpdateAt: TIME },
  ),
  health: fc.constantFrom(...HEALTH_STATES.map(healthOf)),
  breaker: fc.constantFrom(...BREAKER_STATES.map(breakerOf)),
  aspects: optional(
    fc.dictionary(
      fc.constantFrom(...ASPECTS),
      fc.record({
        ok: fc.boolean(),
        reason: fc.constantFrom('Valid', 'NotVerified'),
        message: fc.constant('It is so.'),
      }),
      { minKeys: 1 },
    ),
  ),
  counters: fc.constantFrom(running.counters, { ...running.counters, uptimeSeconds: 60 }),
  restarts: fc.nat(3),
  ownership: fc.constantFrom(
    undefined,
    { code: 'ABCDEFGH', expiresAt: TIME },
    { verifiedBy: 7_000_000_001, verifiedAt: TIME },
  ),
  lastError: optional(
    fc.record({ time: fc.constant(TIME), fingerprint: fc.constant('f'), message }),
  ),
});

/** Any facts at all, impossible combinations among them. */
export const anyBotFacts: fc.Arbitrary<BotFacts> = fc
  .record({
    key: fc.constant('shop/greeter' as const),
    generation: fc.integer({ min: 1, max: 4 }),
    suspended: fc.boolean(),
    fleet: fc.constantFrom('found' as const, 'found' as const, 'missing' as const),
    fleetName: fc.constant('default'),
    token: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('found' as const),
          botId: fc.constantFrom(7, 8),
          trimmed: fc.boolean(),
        }),
      },
      fc.record({
        kind: fc.constantFrom('missing', 'invalid', 'other', 'unreadable'),
        message,
      }),
    ),
    signingKeys: fc.oneof(
      { weight: 4, arbitrary: fc.constant({ kind: 'found' as const }) },
      fc.record({ kind: fc.constant('missing' as const), message }),
    ),
    duplicateOf: fc.constantFrom(undefined, undefined, 'shop/older' as const, 'bank/b' as const),
    placement: fc.option(fc.constant(botFacts().placement), { nil: undefined, freq: 4 }),
    keptPlacement: optional(fc.constant(botFacts().placement)),
    noPlaceBecause: optional(message),
    notYetBecause: optional(message),
    specProblem: fc.option(fc.constant('It is odd.'), { nil: undefined, freq: 1 }),
    refusal: fc.constantFrom(undefined, undefined, {
      reason: 'TooManyBots' as const,
      message: 'Too many.',
    }),
    deletion: fc.constantFrom(undefined, undefined, undefined, { heldBy: ['example.com/hold'] }),
    manifestProblem: optional(message),
    runtime: fc.option(anyRuntime, { nil: undefined, freq: 4 }),
  })
  .map((facts) => stored(facts) as BotFacts);
