import { LIFECYCLES, type Lifecycle, type RuntimeFacts } from './runtime-facts.ts';
import type { TenantBotStatus } from './tenant-bot-status.ts';

/**
 * What a runtime must have told for `status` to come out: the way back from `tenantBotStatus`. A
 * new leader goes by it until the runtime has told again, so that taking over changes no status.
 * Undefined where the status does not speak of a bot that a runtime told of.
 */
export function recallRuntime(status: TenantBotStatus): RuntimeFacts | undefined {
  const { phase, observedGeneration, updates, counters, restarts = 0 } = status;
  const lifecycle = LIFECYCLES.find((known): known is Lifecycle => known === phase);
  if (!lifecycle || !updates || !counters || observedGeneration === undefined) return undefined;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const conflict = status.conditions?.find(
    ({ type, reason, status: holds }) =>
      type === 'Conflict' && holds === 'True' && reason === 'AnotherPoller',
  );
  const { token, bot, startedAt, lastError } = status;
  const { lastUpdateAt } = updates;
  const checked = token?.lastChecked !== undefined;
  return {
    lifecycle,
    generation: ready?.observedGeneration ?? observedGeneration,
    token: checked ? token : { state: 'UnknownError', message: '' },
    ...(bot && { bot }),
    ...(conflict && {
      conflict: { since: conflict.lastTransitionTime, message: conflict.message },
    }),
    updates: { mode: updates.mode, ...(lastUpdateAt !== undefined && { lastUpdateAt }) },
    counters,
    restarts,
    ...(startedAt !== undefined && { startedAt }),
    ...(lastError && { lastError }),
  };
}
