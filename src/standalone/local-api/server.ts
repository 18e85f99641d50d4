import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { problemOf } from '../../admin/http/problem-of.ts';
import { makeProblem, PROBLEM_TYPE } from '../../admin/problem.ts';
import type { BotRequests } from '../../api/bot-requests.ts';
import type { RetryBook } from '../../api/retry-counts.ts';
import type { HistoryReader } from '../../history/queries/reader.ts';
import { environmentError, errorCode, errorMessage } from '../../lib/errors.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Conversation } from '../emulated/conversation.ts';
import type { ManifestProblem } from '../manifests/place.ts';
import type { ObjectStore } from '../object-store.ts';
import { addChatRoutes } from './chat-routes.ts';
import type { EventStream } from './event-stream.ts';
import { guard } from './guard.ts';
import { addHistoryRoute } from './history-routes.ts';
import { addObjectRoutes } from './object-routes.ts';
import { addRequestRoute } from './request-routes.ts';
import { addRetryRoutes } from './retry-routes.ts';

const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 1 << 20;

/** What the local API is made of. */
export interface LocalApiOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** What callers must know. */
  readonly token: Secret;
  readonly objects: ObjectStore;
  /** What is wrong with manifests now. */
  readonly problems: () => readonly ManifestProblem[];
  readonly conversation: Conversation | undefined;
  /** Asks something of the bot with that uid. */
  readonly ask: (uid: string, requests: BotRequests) => void;
  readonly retries: RetryBook;
  /** Undefined while no history can be asked. */
  readonly history: () => HistoryReader | undefined;
  readonly log: Log;
}

/** The API while it listens. */
export interface LocalApi {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves what `tenantbot get`, `chat`, `token check` and the like ask for, on loopback only. */
export async function startLocalApi(options: LocalApiOptions): Promise<LocalApi> {
  const { port, token, objects, problems, conversation, ask, log } = options;
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook('onRequest', (request, _reply, next) => {
    guard(request, token);
    next();
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = problemOf(error, log);
    return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
  });
  app.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .type(PROBLEM_TYPE)
      .send(makeProblem(404, 'NO_SUCH_PATH', 'there is nothing under this path')),
  );
  const streams = new Set<EventStream>();
  const api = app.withTypeProvider<ZodTypeProvider>();
  addObjectRoutes(api, objects, streams);
  addChatRoutes(api, { objects, conversation, streams });
  addRequestRoute(api, { objects, ask });
  addRetryRoutes(api, options.retries);
  addHistoryRoute(api, options.history);
  api.get('/problems', () => ({ problems: problems() }));
  await listen(app, port);
  const { port: taken } = app.server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${taken}`,
    async close() {
      for (const stream of streams) stream.finish();
      await app.close();
    },
  };
}

async function listen(app: FastifyInstance, port: number): Promise<void> {
  try {
    await app.listen({ host: HOST, port });
  } catch (error) {
    const why =
      errorCode(error) === 'EADDRINUSE'
        ? 'the port is in use; stop what uses it, or choose another with --port (0 takes a free one)'
        : errorMessage(error);
    throw environmentError('LOCAL_API_PORT', `can't listen on ${HOST}:${port}: ${why}`, error);
  }
}
