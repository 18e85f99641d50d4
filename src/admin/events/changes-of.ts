import type { BotObject } from '../backend.ts';
import { settingsOf } from '../views/bot.ts';
import type { BotEvent, EVENT_KINDS } from '../views/event.ts';

type Change = Omit<BotEvent, 'at' | 'namespace' | 'name'>;
type Kind = (typeof EVENT_KINDS)[number];

/** A state of a bot, and why it is so. */
interface State {
  readonly value: string | null;
  readonly why: string;
}

/** What of a bot is told when it changes. */
const STATES: readonly (readonly [Kind, (bot: BotObject) => State])[] = [
  ['phase', ({ status }) => state(status.phase, status.lastError?.message)],
  [
    'ready',
    ({ status }) => {
      const ready = status.conditions?.find(({ type }) => type === 'Ready');
      return state(ready && `${ready.status} ${ready.reason}`, ready?.message);
    },
  ],
  ['health', ({ status: { health } }) => state(health?.state, health?.lastError)],
  ['breaker', ({ status: { breaker, health } }) => state(breaker?.state, health?.lastError)],
  ['token', ({ status: { token } }) => state(token?.state, token?.message)],
  [
    'placement',
    ({ status: { placement } }) => state(placement && `${placement.fleet}/${placement.shard}`),
  ],
];

/** What readers are told of the step from `before` to `after`. */
export function changesOf(before: BotObject | undefined, after: BotObject): readonly Change[] {
  if (!before) return [{ kind: 'added', from: null, to: null, message: '' }];
  const changes: Change[] = [];
  if (before.metadata.generation !== after.metadata.generation) {
    const { suspended } = settingsOf(after.spec);
    const message = suspended ? 'It is to be suspended.' : '';
    changes.push({ kind: 'spec', from: null, to: null, message });
  }
  for (const [kind, stateOf] of STATES) {
    const from = stateOf(before).value;
    const { value: to, why } = stateOf(after);
    if (from !== to) changes.push({ kind, from, to, message: why });
  }
  return changes;
}

/** That a bot has gone. */
export const DELETED: Change = { kind: 'deleted', from: null, to: null, message: '' };

function state(value: string | undefined, why = ''): State {
  return { value: value ?? null, why };
}
