import type { AddressInfo } from 'node:net';
import { isIP } from 'node:net';
import swagger from '@fastify/swagger';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { errorMessage } from '../../lib/errors.ts';
import { isLoopback } from '../loopback.ts';
import { Problem } from '../problem.ts';
import { addBotRoutes } from './bot-routes.ts';
import type { Controlled } from './controlled.ts';
import { addFaultRoutes } from './fault-routes.ts';
import { addLedgerRoutes } from './ledger-routes.ts';
import { addLimitRoutes } from './limit-routes.ts';
import { problem } from './schemas.ts';
import { addUserRoutes } from './user-routes.ts';

/** The control interface while it listens. */
export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A text of a million characters, every one of them escaped. */
const MAX_BODY_BYTES = 8 << 20;

/** Serves the control interface. Rejects where it can't listen. */
export async function startControlServer(
  controlled: Controlled,
  address: { readonly host: string; readonly port: number },
): Promise<ControlServer> {
  const app = makeApp(address.host);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bot API emulator, control interface',
        description: 'Makes bots and users, acts as users, injects faults and reads the ledger.',
        version: '1',
      },
    },
    transform: jsonSchemaTransform,
  });
  await app.register((routes, _options, done) => {
    addBotRoutes(routes.withTypeProvider<ZodTypeProvider>(), controlled);
    addUserRoutes(routes.withTypeProvider<ZodTypeProvider>(), controlled);
    addFaultRoutes(routes.withTypeProvider<ZodTypeProvider>(), controlled);
    addLimitRoutes(routes.withTypeProvider<ZodTypeProvider>(), controlled);
    addLedgerRoutes(routes.withTypeProvider<ZodTypeProvider>(), controlled);
    done();
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.listen(address);
  return {
    port: (app.server.address() as AddressInfo).port,
    close: () => app.close(),
  };
}

function makeApp(host: string): FastifyInstance {
  const app = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.removeContentTypeParser('text/plain');
  app.addHook('onRoute', (route) => {
    if (route.schema?.response) Object.assign(route.schema.response, { '4xx': problem });
  });
  const namedFreely = !isLoopback(host);
  app.addHook('onRequest', (request, _reply, next) => next(refusal(request, namedFreely)));
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send(
        problemBody(
          404,
          'NO_SUCH_PATH',
          `there is no ${request.method} ${request.url}; see /openapi.json`,
        ),
      ),
  );
  return app;
}

/**
 * Keeps web pages out: a page can't send JSON to another origin unasked, and one that has had its
 * own name point here shows that name as the host. Who lets other machines in lets in their names.
 */
function refusal(request: FastifyRequest, namedFreely: boolean): Problem | undefined {
  const host = request.hostname.replace(/^\[|\]$/g, '');
  if (!namedFreely && host !== 'localhost' && isIP(host) === 0) {
    return new Problem(
      403,
      'HOST_REFUSED',
      'reach the control interface by address or as localhost',
    );
  }
  const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
  if (isWrite && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    return new Problem(415, 'JSON_NEEDED', 'send JSON, with content-type application/json');
  }
  return undefined;
}

function sendProblem(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, code, detail } = describe(error);
  void reply
    .code(status)
    .type('application/problem+json')
    .send(problemBody(status, code, detail));
}

function describe(error: FastifyError): { status: number; code: string; detail: string } {
  if (error instanceof Problem) {
    return { status: error.status, code: error.code, detail: error.message };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const detail = error.validation
      .map(({ instancePath, message }) => `${instancePath || 'body'}: ${message}`)
      .join('; ');
    return { status: 400, code: 'REQUEST_INVALID', detail };
  }
  const status = error.statusCode ?? 500;
  return { status, code: error.code ?? 'INTERNAL', detail: errorMessage(error) };
}

/** An error body after RFC 9457. */
function problemBody(status: number, code: string, detail: string): object {
  return { type: `urn:tenantbot:emulator:${code}`, title: code, status, detail, code };
}
