import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { PROBLEM_TYPE, problemSchema } from '../problem.ts';

const PROBLEMS = {
  description: 'What is wrong, and what to do (RFC 9457)',
  content: { [PROBLEM_TYPE]: { schema: problemSchema } },
};

/**
 * Has all routes that are added from now on described in an OpenAPI document, served at
 * `/openapi.json`, and at `/docs` for people.
 */
export async function addDocument(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', ({ schema }) => {
    if (!schema || schema.hide) return;
    schema.response = { '4xx': PROBLEMS, '5xx': PROBLEMS, ...(schema.response as object) };
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'tenantbot admin API',
        description: 'Sees and changes bots, their fleets and shards, and what happened to them.',
        version: 'v1',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(swaggerUi, { routePrefix: '/docs', indexPrefix: '' });
}
