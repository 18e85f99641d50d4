import { z } from 'zod';
import { Secret } from '../../lib/secret.ts';
import type { AdminApi, AdminDeps } from '../api.ts';
import { RequestProblem } from '../problem.ts';
import { OneTimeCodes } from './one-time-codes.ts';
import { requireOwnPage } from './own-page.ts';
import { endSession, setSession } from './session-cookie.ts';

const tokenSchema = z
  .string()
  .max(8_192)
  .regex(/^[\w.~+/=-]+$/, { error: 'must be a token: letters, digits and -._~+/=' })
  .transform((token) => new Secret(token));
const callerSchema = z.object({ name: z.string() });
const codeSchema = z.object({
  code: z.string().meta({ description: 'Good once, and for a minute, at `/open?code=`.' }),
});
const tags = ['session'];

/** Logging in and out with a browser. */
export function addSessionRoutes(api: AdminApi, { access, clock, backend }: AdminDeps): void {
  const body = z.strictObject({ token: tokenSchema });
  api.post(
    '/v1/session',
    {
      config: { isPublic: true, limit: 'login' },
      schema: { summary: 'Log in with a token', tags, body, response: { 200: callerSchema } },
    },
    async (request, reply) => {
      const { token } = request.body;
      const caller = await access.authenticate(token, request.gone);
      if (!caller)
        throw new RequestProblem(401, 'TOKEN_REFUSED', 'nobody has this token, or no more');
      setSession(request, reply, token);
      return { name: caller.name };
    },
  );
  api.delete(
    '/v1/session',
    {
      config: { isPublic: true },
      schema: { summary: 'Log out', tags, response: { 204: z.undefined() } },
    },
    (request, reply) => {
      requireOwnPage(request);
      endSession(request, reply);
      return reply.code(204).send();
    },
  );
  // Where several replicas answer, the one that is asked next may not know the code.
  if (backend.mode === 'standalone') addCodeRoutes(api, new OneTimeCodes(clock));
}

function addCodeRoutes(api: AdminApi, codes: OneTimeCodes): void {
  api.post(
    '/v1/session/codes',
    {
      config: { limit: 'login' },
      schema: { summary: 'Get a code that opens the page', tags, response: { 200: codeSchema } },
    },
    ({ caller }) => ({ code: codes.issue(caller.token) }),
  );
  api.get(
    '/open',
    {
      config: { isPublic: true, limit: 'login' },
      schema: { hide: true, querystring: z.object({ code: z.string().max(100) }) },
    },
    (request, reply) => {
      const token = codes.redeem(request.query.code);
      if (!token) {
        const words = 'this code was used or is too old; run `tenantbot open` again';
        throw new RequestProblem(403, 'CODE_REFUSED', words);
      }
      setSession(request, reply, token);
      return reply.redirect('/', 303);
    },
  );
}
