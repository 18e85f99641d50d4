import type { FastifyRequest } from 'fastify';
import type { BotRequest } from '../api/bot-requests.ts';
import { toTimestamp } from '../lib/clock.ts';
import { randomToken } from '../lib/random.ts';
import type { AdminDeps } from './api.ts';
import type { BotObject, ObjectName } from './backend.ts';
import type { Caller } from './caller.ts';
import { undoneWarning } from './manager.ts';
import type { Asked } from './views/action.ts';
import { type BotDetail, botDetail } from './views/bot.ts';

/**
 * How long a change may take. It goes on where whoever asked has gone: what was done is to be
 * found in the audit log.
 */
const WRITE_MS = 20_000;

/** What each request is called in the audit log. */
const ACTIONS: Readonly<Record<BotRequest, string>> = {
  checkToken: 'check-token',
  resetBreaker: 'reset-breaker',
  restart: 'restart',
  persist: 'persist',
};

type Deps = Pick<AdminDeps, 'backend' | 'clock'>;

/** Asks `bot` for something beyond its spec, and keeps who did. */
export async function askBot(
  { backend, clock }: Deps,
  caller: Caller,
  { namespace, name }: ObjectName,
  request: BotRequest,
): Promise<Asked> {
  const value = `${toTimestamp(clock.wallMs())} ${randomToken(6)}`;
  await backend.writer.ask({ namespace, name }, request, value, AbortSignal.timeout(WRITE_MS));
  backend.audit({ actor: caller.name, action: ACTIONS[request], namespace, object: name });
  return { namespace, name, request, value };
}

/** What a change comes to for whoever asked for it. */
export interface Changed {
  readonly bot: BotDetail;
  readonly warning?: string;
}

/** One change of a spec, and what the audit log calls it. */
export interface SpecChange {
  readonly action: string;
  readonly patch: object;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Changes the spec of `bot` with the caller's own rights, and keeps who did. */
export async function changeBot(
  { backend }: Deps,
  { caller }: Pick<FastifyRequest, 'caller'>,
  bot: BotObject,
  { action, patch, detail }: SpecChange,
): Promise<Changed> {
  const { namespace, name } = bot.metadata;
  const signal = AbortSignal.timeout(WRITE_MS);
  const changed = await backend.writer.patch(caller, { namespace, name }, patch, signal);
  const entry = { actor: caller.name, action, namespace, object: name };
  backend.audit(detail ? { ...entry, detail } : entry);
  return toldOf(changed);
}

/** Makes a bot with the caller's own rights, and keeps who did. */
export async function createBot(
  { backend }: Deps,
  { caller }: Pick<FastifyRequest, 'caller'>,
  manifest: { readonly metadata: ObjectName },
): Promise<Changed> {
  const made = await backend.writer.create(caller, manifest, AbortSignal.timeout(WRITE_MS));
  const { namespace, name } = manifest.metadata;
  backend.audit({ actor: caller.name, action: 'create', namespace, object: name });
  return toldOf(made);
}

function toldOf(bot: BotObject): Changed {
  const warning = undoneWarning(bot);
  return { bot: botDetail(bot), ...(warning !== undefined && { warning }) };
}
