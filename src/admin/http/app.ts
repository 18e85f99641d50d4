import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Log } from '../../telemetry/log.ts';
import { makeProblem, PROBLEM_TYPE, type Problem, RequestProblem } from '../problem.ts';
import { refuseConnection } from './client-error.ts';
import { holdUntilGone } from './gone.ts';
import { isOurs } from './hosts.ts';
import { problemOf } from './problem-of.ts';
import { REQUEST_ID, requestId } from './request-id.ts';
import { type CertificateFor, followCertificate, tlsOptions } from './tls.ts';

const MAX_BODY_BYTES = 1 << 20;
const MAX_HEADER_BYTES = 16 << 10;
/** How long headers, and a whole request, may take to arrive. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const LOOK_EVERY_MS = 2_000;
/** Names of Kubernetes have as many characters at most. */
const MAX_PARAMETER = 253;
const SLOW_MS = 1_000;

/** What {@link makeApp} goes by. */
export interface AppOptions {
  readonly log: Log;
  /** As {@link isOurs} takes them. */
  readonly names: readonly string[];
  /** As CIDR. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Speaks plain HTTP unless given. */
  readonly certificate?: CertificateFor | undefined;
}

/**
 * A server without routes that takes only what is bounded in size and time, answers every error as
 * a problem document, names each request, and logs those that take more than a second.
 */
export function makeApp({ log, names, trustedProxies, certificate }: AppOptions): FastifyInstance {
  const bounds = {
    headersTimeout: HEADERS_MS,
    connectionsCheckingInterval: LOOK_EVERY_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const app: FastifyInstance = Fastify({
    ...(certificate ? { https: { ...bounds, ...tlsOptions(certificate) } } : { http: bounds }),
    trustProxy: trustedProxies?.length ? [...trustedProxies] : false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
    genReqId: requestId,
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) => {
      void answer(reply, problemOf(error, of(log, request)));
    },
    routerOptions: { maxParamLength: MAX_PARAMETER },
  });
  if (certificate) followCertificate(app, certificate, names);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain');
  holdUntilGone(app);
  app.addHook('onRequest', (request, reply, next) => {
    void reply.header(REQUEST_ID, request.id);
    next(isOurs(request.headers.host, names) ? undefined : foreignHost());
  });
  app.addHook('onResponse', (request, reply, next) => {
    logSlow(of(log, request), request, reply);
    next();
  });
  app.setErrorHandler((error: FastifyError, request, reply) =>
    answer(reply, problemOf(error, of(log, request))),
  );
  app.setNotFoundHandler((request, reply) => {
    const words = `there is nothing to ${request.method} under this path; /docs says what there is`;
    return answer(reply, makeProblem(404, 'NO_SUCH_PATH', words));
  });
  return app;
}

function foreignHost(): RequestProblem {
  const words = 'this server does not know itself by that name; ask under its address';
  return new RequestProblem(403, 'HOST_REFUSED', words);
}

/** Streams last as long as somebody listens. */
function logSlow(log: Log, { method, routeOptions }: FastifyRequest, reply: FastifyReply): void {
  const ms = Math.round(reply.elapsedTime);
  const type = String(reply.getHeader('content-type'));
  if (ms <= SLOW_MS || type.startsWith('text/event-stream')) return;
  log.warn({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'a request was slow');
}

function answer(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

function of(log: Log, { id }: FastifyRequest): Log {
  return log.child({ request: id });
}
