import type { Condition } from '../../src/api/conditions.ts';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import { waitFor } from '../support/wait.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

/** The status of a bot as soon as `check` holds of it. */
export async function statusWhere(
  world: ScenarioWorld,
  name: string,
  check: (status: TenantBotStatus) => boolean,
): Promise<TenantBotStatus> {
  let last: TenantBotStatus = {};
  const look = async (): Promise<TenantBotStatus | undefined> => {
    last = await world.status(name);
    return check(last) ? last : undefined;
  };
  const options = { timeoutMs: PATIENCE_MS, intervalMs: 100 };
  return waitFor(`a status of ${name}`, look, options).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last, undefined, 2)}`, {
      cause: error,
    });
  });
}

/** One condition of a status. */
export function condition(status: TenantBotStatus, type: string): Condition | undefined {
  return status.conditions?.find((found) => found.type === type);
}

/** Resolves when the newest spec of the bot is in effect and it answers. */
export function ready(world: ScenarioWorld, name: string): Promise<TenantBotStatus> {
  return statusWhere(world, name, (status) => {
    const found = condition(status, 'Ready');
    const isNewest = found?.observedGeneration === status.observedGeneration;
    return found?.status === 'True' && isNewest && !condition(status, 'Reconciling');
  });
}
