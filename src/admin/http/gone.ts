import type { FastifyInstance } from 'fastify';

/** Gives each request its `gone`, which aborts too when the server closes: what is held ends. */
export function holdUntilGone(app: FastifyInstance): void {
  const held = new Set<AbortController>();
  app.decorateRequest('gone');
  app.addHook('onRequest', (request, reply, next) => {
    const gone = new AbortController();
    held.add(gone);
    reply.raw.once('close', () => {
      held.delete(gone);
      gone.abort();
    });
    request.gone = gone.signal;
    next();
  });
  app.addHook('preClose', (done) => {
    for (const gone of held) gone.abort();
    done();
  });
}
