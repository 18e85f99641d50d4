import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { RequestProblem } from '../problem.ts';

/** Where the page's views have their addresses: each loads the page, which then shows the view. */
const VIEWS = ['/bots', '/bots/*', '/shards', '/rates', '/incidents', '/usage', '/audit'];

/** Serves the files of `folder` at `/`; those in `assets` change their names with their content. */
export async function addPage(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', { schema: { hide: true } }, () => {
      const words = 'the page was not built; the API is described at /docs';
      throw new RequestProblem(404, 'NO_PAGE', words);
    });
    return;
  }
  for (const path of VIEWS) {
    app.get(path, { schema: { hide: true } }, (_request, reply) => reply.sendFile('index.html'));
  }
  await app.register(fastifyStatic, {
    root: folder,
    schemaHide: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const forever = path.startsWith(join(folder, 'assets'));
      void reply.header(
        'cache-control',
        forever ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
}
