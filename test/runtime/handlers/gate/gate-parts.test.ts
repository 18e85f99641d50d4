import { GrammyError } from 'grammy';
import { describe, expect, test } from 'vitest';
import { membershipGateSchema } from '../../../../src/api/membership-gate.ts';
import { AdjustableClock } from '../../../../src/lib/adjustable-clock.ts';
import { seededRandom } from '../../../../src/lib/random.ts';
import { compileGate } from '../../../../src/runtime/handlers/gate/gate.ts';
import { refusedBy } from '../../../../src/runtime/handlers/gate/gate-fault.ts';
import { GateReport } from '../../../../src/runtime/handlers/gate/gate-report.ts';
import { InTurn } from '../../../../src/runtime/handlers/gate/in-turn.ts';
import {
  isRestrictedByGate,
  restrictionEnd,
  standingOf,
} from '../../../../src/runtime/handlers/gate/standing.ts';
import {
  parseButtonData,
  toButtonData,
  visitorIn,
} from '../../../../src/runtime/handlers/gate/visitor.ts';
import { WaitingRoom } from '../../../../src/runtime/handlers/gate/waiting-room.ts';
import { Sweep } from '../../../../src/runtime/sweep.ts';

const DAY_MS = 86_400_000;
const user = (id: number) => ({ id, first_name: 'Ann' });

describe('a refusal', () => {
  const refusal = (error_code: number, description: string) =>
    new GrammyError('Call failed', { ok: false, error_code, description }, 'getChatMember', {});

  test.each([
    [400, 'Bad Request: user not found', 'absent'],
    [400, 'Bad Request: PARTICIPANT_ID_INVALID', 'absent'],
    [400, "Bad Request: can't remove chat owner", 'absent'],
    [400, 'Bad Request: user is an administrator of the chat', 'absent'],
    [400, 'Bad Request: chat not found', 'ChatNotFound'],
    [400, 'Bad Request: group chat was upgraded to a supergroup chat', 'ChatNotFound'],
    [400, 'Bad Request: member list is inaccessible', 'NotAdministrator'],
    [400, 'Bad Request: CHAT_ADMIN_REQUIRED', 'NotAdministrator'],
    [403, 'Forbidden: bot is not a member of the channel chat', 'NotAdministrator'],
    [403, 'Forbidden: bot was kicked from the supergroup chat', 'NotAdministrator'],
    [400, 'Bad Request: not enough rights to restrict/unrestrict chat member', 'NotAdministrator'],
    [400, 'Bad Request: method is available only for supergroups', 'NotSupergroup'],
    [400, 'Bad Request: something new', 'CheckRefused'],
    [429, 'Too Many Requests: retry after 5', 'passing'],
    [502, 'Bad Gateway', 'passing'],
    [401, 'Unauthorized', 'passing'],
  ])('%i %s means %s', (code, description, meaning) => {
    expect(refusedBy(refusal(code, description))).toBe(meaning);
  });

  test('is none where nobody answered', () => {
    expect(refusedBy(new Error('socket hang up'))).toBe('passing');
  });
});

describe('a restriction', () => {
  test('of a gate is told from all others by its end, which Telegram keeps', () => {
    for (let day = 0; day < 400; day++) {
      const nowMs = 1_767_225_600_123 + day * DAY_MS + day * 12_345;
      const until = restrictionEnd(nowMs);
      const days = (until - nowMs / 1_000) / 86_400;
      expect(days).toBeGreaterThan(298);
      expect(days).toBeLessThan(366);
      const member = { status: 'restricted', is_member: true, until_date: until } as const;
      expect(isRestrictedByGate(standingOf({ ...member, user: {} } as never))).toBe(true);
      expect(isRestrictedByGate({ joined: true, admin: false, restrictedUntil: until + 60 })).toBe(
        false,
      );
    }
    expect(isRestrictedByGate({ joined: true, admin: false, restrictedUntil: 0 })).toBe(false);
    expect(isRestrictedByGate({ joined: true, admin: false })).toBe(false);
  });
});

describe('the data of a button', () => {
  test('names user and group, within the 64 bytes that Telegram allows', () => {
    const visitor = visitorIn({ id: -1_009_999_999_999 }, user(9_999_999_999_999));
    const data = toButtonData(visitor);
    expect(Buffer.byteLength(data)).toBeLessThanOrEqual(64);
    expect(parseButtonData(data)).toEqual({ groupId: visitor.groupId, userId: visitor.user.id });
  });

  test.each([undefined, '', 'tb-gate:1:2', 'tb-gate:-1:-2', 'tb-gate:-1:2:3', 'x tb-gate:-1:2'])(
    'is not %j',
    (data) => expect(parseButtonData(data)).toBeUndefined(),
  );
});

describe('those who wait', () => {
  function room() {
    const clock = new AdjustableClock();
    const looks: { atMs: number; users: number[] }[] = [];
    const waiting = new WaitingRoom({
      clock,
      sweep: new Sweep(clock, seededRandom(1)),
      pauseMs: () => 60_000,
      busy: () => false,
      look: async (due) => {
        const users = due.map((visitor) => visitor.user.id);
        if (users.length > 0) looks.push({ atMs: clock.monotonicMs(), users });
      },
    });
    return { clock, looks, waiting };
  }

  test('are looked up less and less often, and not after a day', async () => {
    const { clock, looks, waiting } = room();
    waiting.add(visitorIn({ id: -1 }, user(7)));
    await clock.advanceAsync(3 * DAY_MS);
    expect(looks.length).toBeGreaterThan(10);
    expect(looks.length).toBeLessThan(40);
    expect(looks.at(-1)?.atMs).toBeLessThan(DAY_MS + 120_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('cost no timer once they are gone, and fifty are looked up at a time', async () => {
    const { clock, looks, waiting } = room();
    expect(clock.pendingTimers).toBe(0);
    const visitors = Array.from({ length: 120 }, (_, id) => visitorIn({ id: -1 }, user(id + 1)));
    for (const visitor of visitors) waiting.add(visitor);
    expect(clock.pendingTimers).toBe(1);
    await clock.advanceAsync(240_000);
    expect(looks[0]?.users).toHaveLength(50);
    expect(new Set(looks.flatMap(({ users }) => users)).size).toBe(120);
    for (const visitor of visitors) waiting.remove(visitor);
    await clock.advanceAsync(70_000);
    expect(clock.pendingTimers).toBe(0);
  });

  test('are forgotten with their group', async () => {
    const { clock, looks, waiting } = room();
    waiting.add(visitorIn({ id: -1 }, user(1)));
    waiting.add(visitorIn({ id: -2 }, user(2)));
    waiting.removeGroup(-1);
    await clock.advanceAsync(130_000);
    expect(looks[0]?.users).toEqual([2]);
  });
});

test('work for one key is done in turn, also after a failure, and for others side by side', async () => {
  const inTurn = new InTurn();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const failing = inTurn.run('a', async () => {
    await first.promise;
    done.push('a1');
    throw new Error('no');
  });
  const second = inTurn.run('a', async () => void done.push('a2'));
  await inTurn.run('b', async () => void done.push('b'));
  first.resolve();
  await expect(failing).rejects.toThrow('no');
  await second;
  expect(done).toEqual(['b', 'a1', 'a2']);
});

describe('the report of gates', () => {
  const gate = compileGate(
    membershipGateSchema.parse({ requires: [{ chat: '@news' }, { chat: '@Blog' }] }),
  );

  function report() {
    const told: string[] = [];
    const gates = new GateReport((aspect) => told.push(aspect?.reason ?? 'none'));
    gates.setGates([gate]);
    return { gates, told };
  }

  test('tells nothing before every chat was looked at, and nothing twice', () => {
    const { gates, told } = report();
    gates.required('@news', undefined);
    expect(told).toEqual([]);
    gates.required('@blog', undefined);
    gates.required('@blog', undefined);
    expect(told).toEqual(['Ready']);
    gates.required('@blog', 'passing');
    gates.setGates([]);
    expect(told).toEqual(['Ready', 'none']);
  });

  test('says that it knows nothing only where it never did', () => {
    const { gates, told } = report();
    gates.required('@news', 'passing');
    gates.required('@blog', undefined);
    expect(gates.needsLook).toBe(true);
    gates.required('@news', undefined);
    expect(told).toEqual(['NotChecked', 'Ready']);
    expect(gates.needsLook).toBe(false);
  });

  test('stays short, however many groups there are and whatever they are called', () => {
    let message = '';
    const gates = new GateReport((aspect) => {
      message = aspect?.message ?? '';
    });
    const requires = Array.from({ length: 10 }, (_, n) => ({ chat: `@${'x'.repeat(30)}${n}` }));
    const many = compileGate(membershipGateSchema.parse({ requires }));
    const chats = Array.from({ length: 50 }, (_, n) => many.chats.map((chat) => `${chat}${n}`));
    gates.setGates(chats.map((chats) => ({ ...many, chats })));
    for (const chat of chats.flat()) gates.required(chat, undefined);
    expect(message).toContain('and 490 more may write');
    expect(message.length).toBeLessThan(1_024);
    for (let id = 1; id <= 1_000; id++) {
      gates.group({ id: -id, title: 'x'.repeat(255) }, 'NotAdministrator');
    }
    expect(message).toContain('So it is with 99 more.');
    expect(message.length).toBeLessThan(1_024);
  });
});
