import type { Condition } from '../../src/api/conditions.ts';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import type { CallView, MadeBot } from '../../src/emulator/control-client.ts';
import { itsAnswer } from '../support/conversation.ts';
import { waitFor } from '../support/wait.ts';
import { PATIENCE_MS, type ScenarioWorld } from './world.ts';

/** How often the world is looked at, and how long. */
const LOOKS = { timeoutMs: PATIENCE_MS, intervalMs: 200 };

/** Defines one scenario, which takes place in a world of its own, beside others. */
export type Scenario = (name: string, run: (world: ScenarioWorld) => Promise<void>) => void;

/** The status of a bot as soon as `check` holds of it. */
export async function statusWhere(
  world: ScenarioWorld,
  name: string,
  check: (status: TenantBotStatus) => boolean,
  timeoutMs = PATIENCE_MS,
): Promise<TenantBotStatus> {
  let last: TenantBotStatus = {};
  const look = async (): Promise<TenantBotStatus | undefined> => {
    last = await world.status(name);
    return check(last) ? last : undefined;
  };
  return waitFor(`a status of ${name}`, look, { ...LOOKS, timeoutMs }).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${JSON.stringify(last, undefined, 2)}`, {
      cause: error,
    });
  });
}

/** One condition of a status. */
export function condition(status: TenantBotStatus, type: string): Condition | undefined {
  return status.conditions?.find((found) => found.type === type);
}

/** A condition of a bot as soon as it is `True` or `False`, as said, by the newest spec. */
export async function conditionIs(
  world: ScenarioWorld,
  name: string,
  [type, is]: readonly [type: string, is: 'True' | 'False'],
  timeoutMs = PATIENCE_MS,
): Promise<Condition> {
  const holds = (status: TenantBotStatus): boolean => {
    const found = condition(status, type);
    return found?.status === is && found.observedGeneration === status.observedGeneration;
  };
  const status = await statusWhere(world, name, holds, timeoutMs);
  const found = condition(status, type);
  if (!found) throw new Error(`no condition ${type}`);
  return found;
}

/** Resolves when the newest spec of the bot is in effect and it answers. */
export function ready(world: ScenarioWorld, name: string): Promise<TenantBotStatus> {
  return statusWhere(world, name, (status) => {
    const found = condition(status, 'Ready');
    const isNewest = found?.observedGeneration === status.observedGeneration;
    return found?.status === 'True' && isNewest && !condition(status, 'Reconciling');
  });
}

/** Makes a bot, and resolves when it answers. */
export async function readyBot(
  world: ScenarioWorld,
  name: string,
  spec?: object,
): Promise<MadeBot> {
  const bot = await world.makeBot(name, spec);
  await ready(world, name);
  return bot;
}

/** What the bot answers `from`, who says `text`. */
export function answer(
  { emulator }: ScenarioWorld,
  bot: MadeBot,
  text = '/start',
  from = 'ann',
): Promise<string> {
  return itsAnswer(emulator, { bot: bot.id, from, text, timeoutMs: PATIENCE_MS });
}

/** Says something to the bot in private, and does not wait for an answer; the chat's id. */
export async function say(
  { emulator }: ScenarioWorld,
  bot: MadeBot,
  text = '/start',
  from = 'ann',
): Promise<number> {
  const user = await emulator.createUser({ firstName: from, username: from });
  await emulator.sendText({ bot: bot.id, from: user.id, text });
  return user.id;
}

/** The first calls of a method, as soon as there are `count` that have ended. */
export function calls(
  { emulator }: ScenarioWorld,
  bot: Pick<MadeBot, 'id'>,
  method: string,
  count = 1,
): Promise<CallView[]> {
  return waitFor(
    `${count} calls of ${method}`,
    async () => {
      const all = await emulator.calls({ bot: bot.id, method, limit: 100_000 });
      const ended = all.filter(({ outcome }) => outcome !== null);
      return ended.length >= count && ended;
    },
    { ...LOOKS, timeoutMs: PATIENCE_MS },
  );
}

/** What Telegram answered, and 0 where it did not. */
export function statuses(of: readonly CallView[]): (number | undefined)[] {
  return of.map(({ outcome }) => outcome?.status);
}

/** Pauses between calls: from the end of each to the start of the next, in ms. */
export function pausesMs(of: readonly CallView[]): number[] {
  return of
    .slice(1)
    .map(({ startedAtMs }, index) => startedAtMs - (of[index]?.endedAtMs ?? Number.NaN));
}

/** Resolves when Telegram holds a poll of the bot. */
export async function polling({ emulator }: ScenarioWorld, bot: MadeBot): Promise<void> {
  const { met } = await emulator.waitFor(
    { kind: 'polling', bot: bot.id },
    { timeoutMs: PATIENCE_MS },
  );
  if (!met) throw new Error(`${bot.username} does not poll`);
}

/** Resolves when all updates of the bot are confirmed. */
export async function confirmed({ emulator }: ScenarioWorld, bot: MadeBot): Promise<void> {
  const { met } = await emulator.waitFor(
    { kind: 'confirmed', bot: bot.id },
    { timeoutMs: PATIENCE_MS },
  );
  if (!met) throw new Error(`updates of ${bot.username} are not confirmed`);
}
