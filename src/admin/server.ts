import type { AddressInfo } from 'node:net';
import compress from '@fastify/compress';
import cookie from '@fastify/cookie';
import etag from '@fastify/etag';
import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { environmentError, errorCode, errorMessage } from '../lib/errors.ts';
import type { AdminDeps } from './api.ts';
import { makeApp } from './http/app.ts';
import { authenticate } from './http/authenticate.ts';
import { addDocument } from './http/document.ts';
import { addPage } from './http/page.ts';
import { securityHeaders } from './http/security-headers.ts';
import type { CertificateFor } from './http/tls.ts';
import { addLimits, type Limits } from './limits/limits.ts';
import { addRoutes } from './routes/all.ts';
import { addSessionRoutes } from './sessions/routes.ts';

/** How the admin API is served. */
export interface AdminServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Names it is reached by beside its addresses and localhost, as {@link isOurs} takes them. */
  readonly names: readonly string[];
  /** The folder of the page. */
  readonly page: string;
  /** Networks (as CIDR) of proxies that are believed when they say for whom they ask. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** What to show over TLS from the next connection on; speaks plain HTTP unless given. */
  readonly certificate?: CertificateFor | undefined;
  /** Nobody is limited unless given. */
  readonly limits?: Limits | undefined;
  readonly deps: AdminDeps;
}

/** The admin API while it listens. */
export interface AdminServer {
  readonly port: number;
  /** Ends what is held, and resolves when all connections are closed. */
  close(): Promise<void>;
}

/**
 * Serves the admin API and its page. Who asks is known to every route of the API; what they may is
 * up to each. Rejects in words where it can't listen.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { deps, page, limits } = options;
  const app = makeApp({ ...options, log: deps.log });
  await app.register(helmet, securityHeaders({ hasTls: options.certificate !== undefined }));
  // Before the compression: what is the same has the same tag, however it is packed.
  await app.register(etag, { weak: true });
  await app.register(compress, { globalDecompression: false });
  await app.register(cookie);
  await addDocument(app);
  await app.register((scope, _options, done) => {
    addApi(scope, deps, limits);
    done();
  });
  await addPage(app, page);
  await listen(app, options);
  const { port } = app.server.address() as AddressInfo;
  return { port, close: () => app.close() };
}

function addApi(app: FastifyInstance, deps: AdminDeps, limits: Limits | undefined): void {
  app.decorateRequest('caller');
  if (limits) addLimits(app, limits);
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.isPublic) return;
    request.caller = await authenticate(request, reply, deps.access);
  });
  app.addHook('onSend', (_request, reply, _payload, next) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'private, no-cache');
    next();
  });
  const api = app.withTypeProvider<ZodTypeProvider>();
  addSessionRoutes(api, deps);
  addRoutes(api, deps);
}

async function listen(
  app: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const why =
      errorCode(error) === 'EADDRINUSE'
        ? 'the port is in use; stop what uses it, or choose another with --admin-port (0 takes a free one)'
        : errorMessage(error);
    const words = `the admin API can't listen on ${host}, port ${port}: ${why}`;
    throw environmentError('ADMIN_PORT', words, error);
  }
}
