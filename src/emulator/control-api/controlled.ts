import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { AdjustableClock } from '../../lib/adjustable-clock.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Faults } from '../faults.ts';
import type { Limits } from '../limits/limits.ts';
import type { World } from '../world.ts';

/** What the control interface has in its hands. */
export interface Controlled {
  readonly world: World;
  readonly faults: Faults;
  readonly limits: Limits;
  readonly clock: AdjustableClock;
  /** The clock of deadlines in real time. */
  readonly realClock: Clock;
  /** Aborts when the emulator closes, so that no wait outlives it. */
  readonly closing: AbortSignal;
}

/** The server that routes are added to. */
export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
