import { z } from 'zod';
import { auditSearch } from '../../history/queries/audit-search.ts';
import type { AdminApi, RouteDeps } from '../api.ts';
import { flag, pagingQuery } from '../views/paging.ts';
import { auditPageSchema } from '../views/past.ts';
import { namespacesFor } from '../visible.ts';
import { inNamespace } from './schemas.ts';

const moment = z.iso.datetime({ offset: true }).optional();

/** What the audit log is searched by. */
export const auditQuery = {
  ...inNamespace,
  text: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('How actor, action or object begins; upper and lower case are different.'),
  since: moment,
  until: moment,
};

/** Who changed what. */
export function addAuditRoutes(api: AdminApi, deps: RouteDeps): void {
  api.get(
    '/v1/audit',
    {
      schema: {
        tags: ['audit'],
        summary: 'Who changed what, the latest first',
        querystring: z.object({ ...auditQuery, total: flag, ...pagingQuery }),
        response: { 200: auditPageSchema },
      },
    },
    async (request) => {
      const { namespace } = request.query;
      const namespaces = await namespacesFor(deps, request, { namespace, part: 'audit' });
      return deps.askHistory({ query: auditSearch, namespaces, args: request.query });
    },
  );
}
