import { describe, expect, it } from 'vitest';
import type { KeptFacts } from '../../../src/api/bot-recall.ts';
import { NOTHING_DONE, type RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import type { TenantBotStatus } from '../../../src/api/tenant-bot-status.ts';
import { assignmentOf, type KnownOfBot } from '../../../src/controller/bot/assignment.ts';
import type { GatheredBot } from '../../../src/controller/bot/gather.ts';
import { botAssignment } from '../../support/assignments.ts';

const NOW = '2026-02-01T12:00:00Z';
const PAUSE = { since: NOW, until: '2026-02-01T12:10:00Z' };
const { spec, token } = botAssignment({
  name: 'greeter',
  token: `7:${'x'.repeat(35)}`,
  handlers: [{ command: { name: 'start', reply: { text: 'Hello.' } } }],
});
const BOT = {
  key: 'default/greeter',
  uid: 'uid-1',
  generation: 1,
  spec: { ok: true, value: { ...spec, updates: { ...spec.updates, dropPending: true } } },
  object: { metadata: { name: 'greeter' } },
  known: {
    credentials: {
      kind: 'read',
      token: { kind: 'ok', botId: 7, token },
      signingKeys: new Map(),
    },
  },
} as unknown as GatheredBot;

const counted = (updates: number) => ({ ...NOTHING_DONE.counters, updates });
const identity = { id: 7, username: 'greeter_bot', name: 'Greeter' };
const STATUS: TenantBotStatus = { bot: identity, counters: counted(1), startedAt: NOW };
const facts = (updates: number, change: Partial<RuntimeFacts> = {}): RuntimeFacts => ({
  ...NOTHING_DONE,
  lifecycle: 'Starting',
  generation: 1,
  token: { state: 'Valid', lastChecked: NOW, message: '' },
  bot: identity,
  counters: counted(updates),
  ...change,
});

function assigned(record: Partial<KnownOfBot['record']>, kept?: KeptFacts) {
  const known = { told: undefined, left: undefined, status: undefined, ...record };
  const placement = { fleet: 'default', shard: 0, epoch: 2, since: NOW, botId: 7 };
  return assignmentOf(BOT, placement, { record: known, offset: undefined, kept });
}

describe('what a shard is handed', () => {
  it('goes on from what a runtime told last, else from the status', () => {
    const told = { epoch: 1, facts: facts(3), by: 'runtime' } as const;
    expect(assigned({ status: STATUS })?.resume?.counters).toEqual(counted(1));
    expect(assigned({ status: STATUS, left: facts(2) })?.resume?.counters).toEqual(counted(2));
    expect(assigned({ status: STATUS, told })?.resume?.counters).toEqual(counted(3));
    expect(assigned({})?.resume).toBeUndefined();
  });

  it('goes on from what the history knows where that is later, or all there is', () => {
    const kept = (updates: number): KeptFacts => {
      const { skipped: _, ...counters } = counted(updates);
      return { ...NOTHING_DONE, counters, breaker: { state: 'Open', failures: 5 } };
    };
    expect(assigned({}, kept(5))?.resume).toMatchObject({
      counters: counted(5),
      breaker: { state: 'Open' },
    });
    expect(assigned({ status: STATUS }, kept(5))?.resume?.counters).toEqual(counted(5));
    expect(assigned({ left: facts(7) }, kept(5))?.resume).toMatchObject({
      counters: counted(7),
      breaker: { state: 'Closed' },
    });
  });

  it('keeps to pauses, those of its chats included where a runtime told of them', () => {
    const chatCooldowns = [{ of: 5, ...PAUSE }];
    const left = facts(1, { cooldown: PAUSE, chatCooldowns });
    expect(assigned({ left })?.resume).toMatchObject({ cooldown: PAUSE, chatCooldowns });
    const status = { ...STATUS, cooldown: PAUSE };
    expect(assigned({ status })?.resume).toMatchObject({ cooldown: PAUSE });
    // It is over by now.
    expect(assigned({ status, left: facts(1) })?.resume).not.toHaveProperty('cooldown');
  });

  it('loses its backlog only where it has never started, whoever says so', () => {
    expect(assigned({})?.dropPending).toBe(true);
    expect(assigned({ left: facts(0) })?.dropPending).toBe(true);
    expect(assigned({ left: facts(0, { startedAt: NOW }) })?.dropPending).toBe(false);
    expect(assigned({ status: STATUS, left: facts(0) })?.dropPending).toBe(false);
  });
});
