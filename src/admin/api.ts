import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { AskHistory } from './ask-history.ts';
import type { AdminBackend, BotObject } from './backend.ts';
import type { Access, Caller } from './caller.ts';
import type { LimitClass } from './limits/limit-classes.ts';
import type { BotRow } from './views/bot.ts';

/** Fastify, with requests checked and typed by zod. */
export type AdminApi = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What routes work with. */
export interface AdminDeps {
  readonly backend: AdminBackend;
  readonly access: Access;
  readonly clock: Clock;
  readonly log: Log;
}

/** What routes share. */
export interface RouteDeps extends AdminDeps {
  /** The line of a bot in lists, made once as long as the bot does not change. */
  readonly rowOf: (bot: BotObject) => BotRow;
  readonly askHistory: AskHistory;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What it is counted as; `reads` or `operations`, by its method, unless given. */
    readonly limit?: LimitClass;
    /** Whether anybody may ask, without a token. */
    readonly isPublic?: boolean;
  }
  interface FastifyRequest {
    /** Set on every route that is not public. */
    caller: Caller;
    /** Aborts when whoever asked has gone. */
    gone: AbortSignal;
  }
}
