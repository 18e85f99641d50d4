import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../../src/lib/random.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { startForwardService } from '../../support/forward-service.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';

const FAILING = { method: 'getUpdates', effect: { kind: 'status', status: 500 } } as const;

/** What chance says while nothing else is said. */
class Dice {
  /** Thrown once, instead of a number. */
  error: Error | undefined;
  /** Said once, instead of a number. */
  next: number | undefined;

  readonly roll = (): number => {
    const { error, next } = this;
    this.error = undefined;
    this.next = undefined;
    if (error) throw error;
    return next ?? systemRandom();
  };
}

/** A hosting whose bots roll `dice` once their next poll has failed. */
async function startDicing(atTrouble: (dice: Dice) => void): Promise<Hosting> {
  const dice = new Dice();
  return Hosting.start({
    random: dice.roll,
    onLog: (line) => {
      if (line.includes('no updates for now')) atTrouble(dice);
    },
  });
}

const crash = (dice: Dice): void => {
  dice.error = new Error('out of dice');
};

describe('a crash', () => {
  test('is followed by what the spec in effect says, not by what it said at the start', async () => {
    await using hosting = await startDicing(crash);
    const greeter = await hosting.host('greeter');
    await hosting.polling('greeter');
    const restart = { maxRestarts: 1, cooldownSeconds: 60, heartbeatSeconds: 300 };
    hosting.assign({ ...greeter, generation: 2, spec: { ...greeter.spec, restart } });
    await hosting.facts('greeter', ({ generation }) => generation === 2);
    await hosting.control.addFault({ ...FAILING, count: 1 });
    await hosting.say('greeter', '/start');
    await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Restarting');
    await hosting.advance(59_000);
    expect(hosting.port.facts.get('greeter')?.lifecycle).toBe('Restarting');
    await hosting.control.addFault({ ...FAILING, count: 1 });
    await hosting.advance(1_000);
    const { restarts } = await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Crashed');
    expect(restarts).toBe(1);
  });

  test('doubles no answer, and keeps counters, which also a new token does', async () => {
    let crashes = 0;
    await using hosting = await startDicing((dice) => {
      if (crashes++ === 0) crash(dice);
    });
    const greeter = await hosting.host('greeter');
    await hosting.polling('greeter');
    const first = await hosting.running('greeter');
    await hosting.control.addFault({ ...FAILING, count: 1 });
    await hosting.say('greeter', '/start');
    await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Restarting');
    await hosting.advance(10_000);
    const second = await hosting.running('greeter');
    expect(Date.parse(second.startedAt ?? '')).toBeGreaterThan(Date.parse(first.startedAt ?? ''));
    await hosting.confirmed('greeter');
    expect(await hosting.calls('greeter', 'sendMessage')).toBe(1);
    const counters = { updates: 1, handled: 1, replies: 1 };
    expect(second).toMatchObject({ restarts: 1, counters });
    expect(second.counters.uptimeSeconds).toBeLessThan(5);

    await hosting.advance(3_600_000);
    const token = await hosting.control.reissueToken('greeter_bot');
    hosting.assign({ ...greeter, token: new Secret(token) });
    const third = await hosting.facts(
      'greeter',
      ({ lifecycle, startedAt }) => lifecycle === 'Running' && startedAt !== second.startedAt,
    );
    expect(third).toMatchObject({ restarts: 1, counters });
    expect(third.counters.uptimeSeconds).toBeGreaterThanOrEqual(3_600);
  });
});

describe('a heartbeat', () => {
  test('that stops is noticed: the bot is started again, and says why', async () => {
    await using hosting = await startDicing((dice) => {
      // The pause before the next poll lasts for ever.
      dice.next = Number.POSITIVE_INFINITY;
    });
    await hosting.control.addFault({ ...FAILING, count: 1 });
    await hosting.host('greeter');
    await waitFor('the end of all polls', () => hosting.log.includes('no updates for now'));
    await hosting.advance(300_000);
    expect(hosting.port.facts.get('greeter')?.lifecycle).toBe('Running');
    expect(await metric(hosting, 'tenantbot_heartbeat_oldest_seconds')).toBeGreaterThan(200);
    await hosting.advance(120_000);
    const { lastError } = await hosting.facts('greeter', ({ restarts }) => restarts === 1);
    expect(lastError?.message).toMatch(/Nothing was heard of the intake of updates for 3\d\d s/);
    await hosting.advance(10_000);
    await hosting.running('greeter');
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
    expect(await metric(hosting, 'tenantbot_heartbeats_overdue')).toBe(0);
  });

  test('goes on while no message comes, and while Telegram is down for hours', async () => {
    await using hosting = await Hosting.start();
    await hosting.host('greeter');
    for (let minutes = 0; minutes < 30; minutes++) {
      await hosting.polling('greeter');
      await hosting.advance(51_000);
    }
    const fault = await hosting.control.addFault(FAILING);
    for (let minutes = 0; minutes < 120; minutes += 5) await hosting.advance(300_000);
    await hosting.control.removeFault(fault.id);
    await waitFor('a poll', async () => {
      await hosting.advance(10_000);
      const polling = { kind: 'polling', bot: 'greeter_bot' } as const;
      return (await hosting.control.waitFor(polling, { timeoutMs: 200 })).met;
    });
    expect(hosting.port.facts.get('greeter')).toMatchObject({ lifecycle: 'Running', restarts: 0 });
  });
});

test('a handler over its time is cut off, and its chat goes on', async () => {
  await using service = await startForwardService((_path, { message }, respond) => {
    const chat = message?.chat.id;
    // Each of these takes less than a call may, all together more than a try may.
    const slow = { method: 'getChat', chat_id: chat };
    if (message?.text === 'slow') respond(200, [slow, slow, slow]);
    else respond(200, { method: 'sendMessage', chat_id: chat, text: 'here I am' });
  });
  await using hosting = await Hosting.start();
  const methods = ['getChat', 'sendMessage'];
  const signingSecretRef = { name: 'key' };
  await hosting.host('slow', {
    handlers: [{ forward: { url: service.url, signingSecretRef, methods, timeoutSeconds: 5 } }],
  });
  await hosting.control.addFault({ method: 'getChat', effect: { kind: 'delay', delayMs: 25_000 } });
  await hosting.say('slow', 'slow');
  await waitFor('the first call', async () => (await hosting.calls('slow', 'getChat')) > 0);
  await hosting.say('slow', 'next');
  for (let seconds = 0; seconds < 70; seconds += 5) await hosting.advance(5_000);
  const { counters, lastError } = await hosting.facts(
    'slow',
    (facts) => facts.counters.skipped > 0,
  );
  expect(lastError?.message).toContain('took too long, so it was cut off');
  expect(counters.skipped).toBe(1);
  await hosting.answered('slow', 'here I am');
  await hosting.confirmed('slow');
});

async function metric(hosting: Hosting, name: string): Promise<number> {
  const text = await hosting.registry.metrics();
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
}
