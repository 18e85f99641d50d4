import { LIFECYCLES, type Lifecycle, type RuntimeFacts } from './runtime-facts.ts';
import type { TenantBotStatus } from './tenant-bot-status.ts';

/**
 * What a runtime must have told for `status` to come out: the way back from `tenantBotStatus`. A
 * new leader goes by it until the runtime has told again, so that taking over changes no status.
 * Undefined where the status does not speak of a bot that a runtime told of.
 */
export function recallRuntime(status: TenantBotStatus): RuntimeFacts | undefined {
  const { phase, updates, counters, restarts = 0, token } = status;
  const lifecycle = LIFECYCLES.find((known): known is Lifecycle => known === phase);
  const generation = recallGeneration(status);
  if (!lifecycle || !updates || !counters || generation === undefined) return undefined;
  const { mode, lastUpdateAt } = updates;
  return {
    lifecycle,
    generation,
    token: token?.lastChecked === undefined ? { state: 'UnknownError', message: '' } : token,
    updates: { mode, ...(lastUpdateAt !== undefined && { lastUpdateAt }) },
    counters,
    restarts,
    ...recallConflict(status),
    ...recallExtras(status),
  };
}

function recallGeneration({ conditions, observedGeneration }: TenantBotStatus): number | undefined {
  const ready = conditions?.find(({ type }) => type === 'Ready');
  return ready?.observedGeneration ?? observedGeneration;
}

function recallConflict({ conditions }: TenantBotStatus): Pick<RuntimeFacts, 'conflict'> {
  const found = conditions?.find(({ type }) => type === 'Conflict');
  if (found?.status !== 'True' || found.reason !== 'AnotherPoller') return {};
  return { conflict: { since: found.lastTransitionTime, message: found.message } };
}

function recallExtras({
  bot,
  startedAt,
  lastError,
}: TenantBotStatus): Pick<RuntimeFacts, 'bot' | 'startedAt' | 'lastError'> {
  return {
    ...(bot && { bot }),
    ...(startedAt !== undefined && { startedAt }),
    ...(lastError && { lastError }),
  };
}
