import { describe, expect, test } from 'vitest';
import { toTimestamp } from '../../src/lib/clock.ts';
import { botAssignment } from '../support/assignments.ts';
import { waitFor } from '../support/wait.ts';
import { Hosting } from './hosting.ts';

const FAILS = { kind: 'status', status: 500 } as const;
/** How long Telegram holds a poll: the one in flight is answered before calls fail. */
const HOLD_SECONDS = 50;

/** Lets `ms` pass, and whatever is called by then come to its end. */
async function step(hosting: Hosting, ms: number): Promise<void> {
  await hosting.advance(ms);
  await waitFor('the end of calls', async () => {
    const calls = await hosting.control.calls({ limit: 100_000 });
    const isHeld = (timeout: string | undefined) => Number(timeout ?? 0) > 0;
    return calls.every((call) => call.endedAtMs !== null || isHeld(call.parameters['timeout']));
  });
}

/** Lets time pass, a little at a time, until `check` holds. */
function passing<Value>(
  hosting: Hosting,
  description: string,
  check: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  return waitFor(description, async () => {
    await step(hosting, 500);
    return check();
  });
}

async function pass(hosting: Hosting, seconds: number): Promise<void> {
  for (let n = 0; n < seconds; n++) await step(hosting, 1_000);
}

const breakerOf = (hosting: Hosting, name: string) => hosting.port.facts.get(name)?.breaker;
const callsSince = (hosting: Hosting, since: number) =>
  hosting.control.calls({ since, limit: 100_000 });

async function hostMany(hosting: Hosting, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `b${index}`);
  for (const name of names) await hosting.host(name);
  for (const name of names) await hosting.polling(name);
  return names;
}

/** Makes all calls fail that the bot begins from now on, until its breaker is open. */
async function openBreaker(hosting: Hosting, name: string): Promise<void> {
  await hosting.control.addFault({ bot: `${name}_bot`, effect: FAILS });
  await pass(hosting, HOLD_SECONDS);
  await passing(hosting, 'the breaker', () => breakerOf(hosting, name)?.state === 'Open');
}

describe('a bot whose calls fail', () => {
  test('makes none for a minute, then one at a time until two succeed', async () => {
    await using hosting = await Hosting.start();
    await hosting.host('greeter');
    await hosting.polling('greeter');
    await openBreaker(hosting, 'greeter');
    expect(hosting.port.facts.get('greeter')).toMatchObject({
      lifecycle: 'Running',
      breaker: { failures: 5, openedAt: expect.any(String), nextProbeAt: expect.any(String) },
      health: { state: 'Unhealthy', consecutiveFailures: 5, errorRate: 50 },
    });
    const before = await hosting.control.lastCallSeq();
    await pass(hosting, 45);
    expect(await callsSince(hosting, before)).toEqual([]);

    // The first probe fails.
    await pass(hosting, 17);
    expect(await callsSince(hosting, before)).toHaveLength(1);
    expect(breakerOf(hosting, 'greeter')).toMatchObject({ state: 'Open', failures: 6 });
    await pass(hosting, 40);
    expect(await callsSince(hosting, before)).toHaveLength(1);

    await hosting.control.clearFaults();
    await passing(hosting, 'the end', () => breakerOf(hosting, 'greeter')?.state === 'Closed');
    await hosting.polling('greeter');
    // Probes are not held by Telegram.
    const held = (await callsSince(hosting, before)).map(({ parameters }) => parameters['timeout']);
    expect(held).toEqual(['0', '0', '0', '50']);
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
  });

  test('loses no update, however long that goes on', async () => {
    await using hosting = await Hosting.start();
    await hosting.host('greeter');
    await hosting.polling('greeter');
    await hosting.control.addFault({ effect: FAILS });
    await hosting.say('greeter', '/start');
    await passing(hosting, 'the breaker', () => breakerOf(hosting, 'greeter')?.state === 'Open');
    await pass(hosting, 600);
    await hosting.control.clearFaults();
    await passing(hosting, 'the end', () => breakerOf(hosting, 'greeter')?.state === 'Closed');
    await passing(hosting, 'the answer', () => {
      const counters = hosting.port.facts.get('greeter')?.counters;
      return counters?.handled === 1;
    });
    await hosting.answered('greeter', 'I am greeter');
    await hosting.confirmed('greeter');
    expect(hosting.port.facts.get('greeter')?.counters).toMatchObject({ replies: 1, skipped: 0 });
  });

  test('keeps no other from its work, and is named', async () => {
    await using hosting = await Hosting.start();
    const [toxic, ...others] = await hostMany(hosting, 8);
    if (toxic === undefined) throw new Error('no bot');
    await openBreaker(hosting, toxic);
    const ill = [...hosting.port.facts].filter(([, { health }]) => health.state === 'Unhealthy');
    expect(ill.map(([name]) => name)).toEqual([toxic]);
    const metrics = await hosting.registry.metrics();
    expect(metrics).toContain('tenantbot_breakers{state="Open"} 1');
    expect(metrics).toContain('tenantbot_breakers{state="Closed"} 7');
    expect(metrics).toContain('tenantbot_bots_health{state="Unhealthy"} 1');
    expect(metrics).toContain('tenantbot_upstream_breaker_state{state="Closed"} 1');
    for (const name of others) {
      await hosting.say(name, '/start');
      await hosting.answered(name, `I am ${name}`);
      expect(breakerOf(hosting, name)).toEqual({ state: 'Closed', failures: 0 });
    }
  });

  test('goes on when its breaker is reset', async () => {
    await using hosting = await Hosting.start();
    const greeter = await hosting.host('greeter');
    await hosting.polling('greeter');
    await openBreaker(hosting, 'greeter');
    await hosting.control.clearFaults();
    hosting.assign({ ...greeter, requests: { resetBreaker: 'now' } });
    await hosting.facts('greeter', ({ breaker }) => breaker.state === 'Closed');
    // The pause after a failed poll may still be on.
    await pass(hosting, 10);
    await hosting.polling('greeter');
    expect(hosting.port.facts.get('greeter')?.health.state).toBe('Unhealthy');
    await pass(hosting, HOLD_SECONDS);
    await hosting.facts('greeter', ({ health }) => health.state === 'Degraded');
    await pass(hosting, 600);
    await hosting.facts('greeter', ({ health }) => health.state === 'Healthy');
  });

  test('goes by other settings at once, and forgets nothing', async () => {
    await using hosting = await Hosting.start();
    const greeter = await hosting.host('greeter');
    await hosting.polling('greeter');
    await openBreaker(hosting, 'greeter');
    const { spec } = greeter;
    const breaker = { ...spec.breaker, openSeconds: 600 };
    hosting.assign({ ...greeter, generation: 2, spec: { ...spec, breaker } });
    await hosting.facts('greeter', ({ generation }) => generation === 2);
    const before = await hosting.control.lastCallSeq();
    // No poll for longer than a bot may be silent: it says why it is.
    await pass(hosting, 400);
    expect(await callsSince(hosting, before)).toEqual([]);
    expect(hosting.port.facts.get('greeter')).toMatchObject({
      lifecycle: 'Running',
      restarts: 0,
      breaker: { state: 'Open', failures: 5 },
    });
  });

  test('goes on as soon as its breaker is to be open for less than it was', async () => {
    await using hosting = await Hosting.start();
    const { spec, ...greeter } = await hosting.host('greeter');
    const open = (openSeconds: number, generation: number) =>
      hosting.assign({
        ...greeter,
        generation,
        spec: { ...spec, breaker: { ...spec.breaker, openSeconds } },
      });
    await hosting.polling('greeter');
    open(3_600, 2);
    await openBreaker(hosting, 'greeter');
    await hosting.control.clearFaults();
    // Longer than the pause after a failed poll: from then on the breaker alone is waited for.
    await pass(hosting, 40);
    expect(breakerOf(hosting, 'greeter')?.state).toBe('Open');
    open(30, 3);
    await hosting.facts('greeter', ({ breaker }) => breaker.state === 'Closed');
  });
});

test('a breaker that was open before a restart stays open after it', async () => {
  await using hosting = await Hosting.start();
  const { token } = await hosting.control.createBot({ username: 'greeter_bot' });
  const handlers = [{ command: { name: 'start', reply: { text: 'Hello' } } }];
  const counters = { updates: 7, handled: 7, skipped: 0, replies: 7, errors: 5 };
  const openedAt = toTimestamp(Date.now());
  hosting.assign({
    ...botAssignment({ name: 'greeter', token, handlers }),
    resume: { counters, breaker: { state: 'Open', failures: 5, openedAt } },
  });
  await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Running');
  expect(breakerOf(hosting, 'greeter')).toMatchObject({ state: 'Open', failures: 5, openedAt });
  await pass(hosting, 50);
  expect(await hosting.calls('greeter', 'getUpdates')).toBe(0);
  await passing(hosting, 'the end', () => breakerOf(hosting, 'greeter')?.state === 'Closed');
});

test('Telegram being away costs a shard one probe every ten seconds', async () => {
  await using hosting = await Hosting.start();
  const names = await hostMany(hosting, 20);
  await hosting.control.addFault({ effect: { kind: 'reset', when: 'before' } });
  await pass(hosting, HOLD_SECONDS);
  await passing(hosting, 'the breaker', async () => {
    const metrics = await hosting.registry.metrics();
    return metrics.includes('tenantbot_upstream_breaker_state{state="Open"} 1');
  });
  await pass(hosting, 5);
  const before = await hosting.control.lastCallSeq();
  await pass(hosting, 60);
  const probes = (await callsSince(hosting, before)).length;
  expect(probes).toBeGreaterThanOrEqual(4);
  expect(probes).toBeLessThanOrEqual(6);
  for (const name of names) expect(breakerOf(hosting, name)?.state).toBe('Closed');

  await hosting.control.clearFaults();
  await pass(hosting, 15);
  for (const name of names) await hosting.polling(name);
  for (const name of names) {
    await hosting.say(name, '/start');
    await hosting.answered(name, `I am ${name}`);
  }
});

test('bots that only wait for updates have nothing to tell', async () => {
  await using hosting = await Hosting.start();
  const names = await hostMany(hosting, 3);
  await hosting.advance(1_000);
  const before = names.map((name) => hosting.port.facts.get(name));
  await pass(hosting, 180);
  expect(await hosting.calls('b0', 'getUpdates')).toBeGreaterThanOrEqual(4);
  names.forEach((name, index) => expect(hosting.port.facts.get(name)).toBe(before[index]));
});
