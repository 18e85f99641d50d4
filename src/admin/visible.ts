import type { FastifyRequest } from 'fastify';
import type { Namespaces } from '../history/queries/namespaces.ts';
import type { AdminDeps } from './api.ts';
import type { BotObject, FleetObject } from './backend.ts';
import type { Part, Right } from './caller.ts';
import { demand } from './find-bot.ts';
import { RequestProblem } from './problem.ts';

type Deps = Pick<AdminDeps, 'backend' | 'access'>;
type Asking = Pick<FastifyRequest, 'caller' | 'gone'>;

/** In how many namespaces is looked up one by one what a caller may see. */
const MAX_NAMESPACES = 200;
const AT_ONCE = 10;

/** Of what a list is asked for. */
export interface Scope {
  /** All that the caller may see where undefined. */
  readonly namespace?: string | undefined;
  /** A part of the bots; the bots themselves where undefined. */
  readonly part?: Part;
  /** What is wanted with the part: to read it where undefined. */
  readonly verb?: 'get' | 'update';
}

/**
 * The namespaces that a list may tell of: the one that was asked for, which ends the request with
 * 403 where the caller may not; else all where the caller may list them all; else those with bots
 * in which it may.
 */
export async function namespacesFor(
  deps: Deps,
  asking: Asking,
  { namespace, part, verb = 'get' }: Scope,
): Promise<Namespaces> {
  const right: Right = { verb: part === undefined ? 'list' : verb, resource: 'tenantbots', part };
  if (namespace !== undefined) {
    await demand(deps, asking, { ...right, namespace });
    return [namespace];
  }
  const { access, backend } = deps;
  const { caller, gone } = asking;
  if (await access.may(caller, right, gone)) return '*';
  const all = namespacesOf(backend.bots.list());
  if (all.length > MAX_NAMESPACES) {
    const words = `say which namespace: there are more than ${MAX_NAMESPACES}, and you may not list the bots of all of them`;
    throw new RequestProblem(400, 'NAMESPACE_MISSING', words);
  }
  const allowed: string[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const may = await Promise.all(
      some.map((name) => access.may(caller, { ...right, namespace: name }, gone)),
    );
    allowed.push(...some.filter((_, index) => may[index]));
  }
  return allowed;
}

/** The bots that a list may tell of, as {@link namespacesFor} has it. */
export async function visibleBots(
  deps: Deps,
  asking: Asking,
  scope: Scope,
): Promise<readonly BotObject[]> {
  return botsIn(deps, await namespacesFor(deps, asking, scope));
}

/** The bots of `namespaces`. */
export function botsIn(
  { backend }: Pick<Deps, 'backend'>,
  namespaces: Namespaces,
): readonly BotObject[] {
  const bots = [...backend.bots.list()];
  if (namespaces === '*') return bots;
  const allowed = new Set(namespaces);
  return bots.filter(({ metadata }) => allowed.has(metadata.namespace));
}

/** The fleets of which the caller may see `part`; ends the request with 403 where that is none. */
export async function visibleFleets(
  { backend, access }: Deps,
  { caller, gone }: Asking,
  part: Part,
): Promise<readonly FleetObject[]> {
  const fleets = [...backend.fleets.list()];
  const namespaces = [...new Set(fleets.map(({ metadata }) => metadata.namespace))];
  const right: Right = { verb: 'get', resource: 'botfleets', part };
  if (await access.may(caller, right, gone)) return fleets;
  const may = await Promise.all(
    namespaces.map((namespace) => access.may(caller, { ...right, namespace }, gone)),
  );
  const allowed = new Set(namespaces.filter((_, index) => may[index]));
  if (allowed.size === 0) await demand({ access }, { caller, gone }, right);
  return fleets.filter(({ metadata }) => allowed.has(metadata.namespace));
}

function namespacesOf(bots: Iterable<BotObject>): string[] {
  const found = new Set<string>();
  for (const { metadata } of bots) found.add(metadata.namespace);
  return [...found].toSorted();
}
