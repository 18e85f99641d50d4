import type { FastifyRequest } from 'fastify';
import type { AdminDeps } from './api.ts';
import type { BotObject, ObjectName } from './backend.ts';
import type { Part, Right } from './caller.ts';
import { RequestProblem } from './problem.ts';

type Deps = Pick<AdminDeps, 'backend' | 'access'>;
type Asking = Pick<FastifyRequest, 'caller' | 'gone'>;

/** What somebody wants with a bot beyond seeing it: reading a part is `get`. */
export interface Wanted {
  readonly verb: 'get' | 'update' | 'patch';
  readonly part?: Part;
}

/**
 * The bot of that name. Ends the request with 404 where there is none or the caller may not see it,
 * which look the same; with 403 where it may be seen and what is `wanted` is not allowed.
 */
export async function findBot(
  { backend, access }: Deps,
  { caller, gone }: Asking,
  { namespace, name }: ObjectName,
  wanted?: Wanted,
): Promise<BotObject> {
  const right = { resource: 'tenantbots', namespace, name } as const;
  const maySee = await access.may(caller, { ...right, verb: 'get' }, gone);
  const bot = maySee ? backend.bots.get({ namespace, name }) : undefined;
  if (!bot) {
    const words = `there is no bot ${namespace}/${name}, or you may not see it`;
    throw new RequestProblem(404, 'BOT_NOT_FOUND', words);
  }
  if (wanted) await demand({ access }, { caller, gone }, { ...right, ...wanted });
  return bot;
}

/** Ends the request with 403 unless the caller has `right`. */
export async function demand(
  { access }: Pick<Deps, 'access'>,
  { caller, gone }: Asking,
  right: Right,
): Promise<void> {
  if (await access.may(caller, right, gone)) return;
  throw new RequestProblem(403, 'FORBIDDEN', `you may not ${inWords(right)}`);
}

/** `right` in the words of `kubectl auth can-i`. */
export function inWords({ verb, resource, part, namespace, name }: Right): string {
  const what = part === undefined ? resource : `${resource}/${part}`;
  const which = name === undefined ? what : `${what} ${name}`;
  return `${verb} ${which} ${namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`}`;
}
