import { describe, expect, test } from 'vitest';
import type { RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import type { BotAssignment } from '../../../src/control/port.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { botAssignment } from '../../support/assignments.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';

const HOUR_MS = 3_600_000;
const GREETING = [{ command: { name: 'start', reply: { text: 'Hello' } } }];

/** Lets time pass, `stepMs` at a time, until the facts are as `check` says. */
async function pass(
  hosting: Hosting,
  stepMs: number,
  check: (facts: RuntimeFacts) => boolean,
): Promise<RuntimeFacts> {
  return waitFor('facts as time passes', async () => {
    const facts = hosting.port.facts.get('greeter');
    if (facts && check(facts)) return facts;
    await hosting.advance(stepMs);
    return false;
  });
}

const isRevoked = ({ lifecycle }: RuntimeFacts): boolean => lifecycle === 'Suspended';

/** Asks the bot for something, as an annotation does. */
function ask(hosting: Hosting, bot: BotAssignment, requests: BotAssignment['requests']): void {
  hosting.assign({ ...bot, ...(requests && { requests }) });
}

async function startGreeter(hosting: Hosting): Promise<BotAssignment> {
  const greeter = await hosting.host('greeter');
  await hosting.polling('greeter');
  return greeter;
}

describe('a token', () => {
  test('that works is checked once a day, with a jitter, and the bot goes on meanwhile', async () => {
    await using hosting = await Hosting.start();
    const greeter = await startGreeter(hosting);
    // Its polls break off as hours go by in one step: few are made then, and none is missed.
    const breaker = { ...greeter.spec.breaker, failureThreshold: 1, openSeconds: 3_600 };
    const restart = { ...greeter.spec.restart, heartbeatSeconds: 86_400 };
    hosting.assign({ ...greeter, generation: 2, spec: { ...greeter.spec, breaker, restart } });
    const first = await hosting.running('greeter');
    for (let hour = 0; hour < 24; hour++) await hosting.advance(HOUR_MS);
    expect(await hosting.calls('greeter', 'getMe')).toBe(1);
    await waitFor('the second check', async () => {
      if ((await hosting.calls('greeter', 'getMe')) === 2) return true;
      await hosting.advance(HOUR_MS / 4);
      return false;
    });
    const facts = await pass(hosting, 1_000, ({ token }) => {
      return token.lastChecked !== first.token.lastChecked;
    });
    expect(facts).toMatchObject({ lifecycle: 'Running', token: { state: 'Valid', message: '' } });
    expect(facts.startedAt).toBe(first.startedAt);
  }, 60_000);

  test('that a check finds refused ends the bot, as any refusal does', async () => {
    await using hosting = await Hosting.start();
    const greeter = await startGreeter(hosting);
    await hosting.control.addFault({
      method: 'getMe',
      count: 1,
      effect: { kind: 'status', status: 401, description: 'Unauthorized' },
    });
    ask(hosting, greeter, { checkToken: 'now' });
    const suspect = await hosting.facts('greeter', (facts) => {
      return facts.handledRequests?.checkToken === 'now';
    });
    expect(suspect).toMatchObject({ lifecycle: 'Starting', token: { state: 'Unauthorized' } });
    await pass(hosting, 1_000, ({ lifecycle }) => lifecycle === 'Running');
    expect(await hosting.calls('greeter', 'getMe')).toBe(3);
  });

  test('that can not be checked for a while is still good', async () => {
    await using hosting = await Hosting.start();
    const greeter = await startGreeter(hosting);
    const fault = await hosting.control.addFault({
      method: 'getMe',
      effect: { kind: 'status', status: 500 },
    });
    ask(hosting, greeter, { checkToken: 'now' });
    const during = await hosting.facts('greeter', ({ lastError }) => lastError !== undefined);
    expect(during).toMatchObject({ lifecycle: 'Running', token: { state: 'Valid' } });
    expect(during.handledRequests).toBeUndefined();
    await hosting.control.removeFault(fault.id);
    await pass(hosting, 1_000, (facts) => facts.handledRequests?.checkToken === 'now');
  });

  test('revoked is asked about ever more seldom, and found again when it is good again', async () => {
    await using hosting = await Hosting.start();
    await startGreeter(hosting);
    const fault = await hosting.control.addFault({
      effect: { kind: 'status', status: 401, description: 'Unauthorized' },
    });
    await pass(hosting, 5_000, isRevoked);
    const before = await hosting.calls('greeter', 'getMe');
    for (let quarter = 0; quarter < 16; quarter++) await hosting.advance(HOUR_MS / 4);
    const after = await hosting.calls('greeter', 'getMe');
    expect(after - before).toBeGreaterThanOrEqual(6);
    expect(after - before).toBeLessThanOrEqual(20);
    await hosting.control.removeFault(fault.id);
    await pass(hosting, 60_000, ({ lifecycle }) => lifecycle === 'Running');
  });

  test('renewed works though Telegram refuses it for a while at first', async () => {
    await using hosting = await Hosting.start();
    const greeter = await startGreeter(hosting);
    await hosting.control.revokeToken('greeter_bot');
    await pass(hosting, 5_000, isRevoked);
    const token = await hosting.control.reissueToken('greeter_bot', { flutterMs: 30_000 });
    hosting.assign({ ...greeter, token: new Secret(token) });
    const flutter = await hosting.facts('greeter', (facts) => {
      return facts.lifecycle === 'Starting' && facts.token.state === 'Unauthorized';
    });
    expect(flutter.token.message).toContain('checked again');
    await pass(hosting, 1_000, ({ lifecycle }) => lifecycle === 'Running');
    expect(hosting.log).not.toContain(token);
  });
});

test('a renewed token does not stand in line behind the dead', async () => {
  await using hosting = await Hosting.start();
  const counters = { updates: 0, handled: 0, skipped: 0, replies: 0, errors: 0 };
  const dead = (name: string, id: number): BotAssignment => ({
    ...botAssignment({ name, token: `${id}:${'x'.repeat(35)}`, handlers: GREETING }),
    resume: { counters, token: 'Revoked' },
  });
  const greeter = hosting.assign(dead('greeter', 99));
  await hosting.facts('greeter', ({ token }) => token.state === 'Unauthorized');
  for (let n = 0; n < 20; n++) hosting.assign(dead(`dead-${n}`, 100 + n));
  await hosting.facts('dead-2', ({ token }) => token.state === 'Unauthorized');
  const { token } = await hosting.control.createBot({ username: 'greeter_bot' });
  hosting.assign({ ...greeter, token: new Secret(token) });
  await hosting.running('greeter');
  const refused = [...hosting.port.facts.values()].filter(
    (facts) => facts.token.state === 'Unauthorized',
  );
  expect(refused).toHaveLength(3);
});

describe('whoever asks', () => {
  test('for a check of a token gets one at once, also while nobody would look for long', async () => {
    await using hosting = await Hosting.start();
    const greeter = await startGreeter(hosting);
    ask(hosting, greeter, { checkToken: 'first' });
    await hosting.facts('greeter', (facts) => facts.handledRequests?.checkToken === 'first');
    expect(await hosting.calls('greeter', 'getMe')).toBe(2);
    ask(hosting, { ...greeter, generation: 2 }, { checkToken: 'first' });
    await hosting.facts('greeter', ({ generation }) => generation === 2);
    expect(await hosting.calls('greeter', 'getMe')).toBe(2);

    const fault = await hosting.control.addFault({
      effect: { kind: 'status', status: 401, description: 'Unauthorized' },
    });
    await pass(hosting, 5_000, isRevoked);
    ask(hosting, { ...greeter, generation: 2 }, { checkToken: 'second' });
    const refused = await hosting.facts('greeter', (facts) => {
      return facts.handledRequests?.checkToken === 'second';
    });
    expect(refused).toMatchObject({ lifecycle: 'Suspended', token: { state: 'Revoked' } });
    await hosting.control.removeFault(fault.id);
    ask(hosting, { ...greeter, generation: 2 }, { checkToken: 'third' });
    await hosting.running('greeter');
    expect(hosting.port.facts.get('greeter')?.handledRequests).toEqual({ checkToken: 'third' });
  });

  test('for a start gets one, once, and nothing is lost', async () => {
    await using hosting = await Hosting.start();
    const greeter = await startGreeter(hosting);
    ask(hosting, greeter, { restart: 'now' });
    await hosting.facts('greeter', (facts) => {
      return facts.handledRequests?.restart === 'now' && facts.lifecycle === 'Running';
    });
    expect(await hosting.calls('greeter', 'getMe')).toBe(2);
    await hosting.say('greeter', '/start');
    await hosting.answered('greeter', 'I am greeter');
    ask(hosting, { ...greeter, generation: 2 }, { restart: 'now' });
    const facts = await hosting.facts('greeter', ({ generation }) => generation === 2);
    expect(facts).toMatchObject({ lifecycle: 'Running', restarts: 0 });
    expect(await hosting.calls('greeter', 'getMe')).toBe(2);
  });

  test('for a start of a bot that has crashed for good gets one', async () => {
    await using hosting = await Hosting.start();
    const url = 'http://127.0.0.1:9/';
    const bot = await hosting.host('greeter', {
      handlers: [{ forward: { url, signingSecretRef: { name: 'keys' } } }],
    });
    const broken = { ...bot, epoch: 2, signingKeys: new Map() };
    hosting.assign(broken);
    await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Crashed');
    const before = await hosting.calls('greeter', 'getMe');
    ask(hosting, broken, { checkToken: 'now' });
    await hosting.facts('greeter', (facts) => facts.handledRequests?.checkToken === 'now');
    expect(hosting.port.facts.get('greeter')?.lifecycle).toBe('Crashed');
    ask(hosting, broken, { checkToken: 'now', restart: 'now' });
    await hosting.facts('greeter', (facts) => facts.handledRequests?.restart === 'now');
    await waitFor('the start', async () => (await hosting.calls('greeter', 'getMe')) > before + 1);
    await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Crashed');
  });

  test('what was asked before a bot began is met by its beginning, and told', async () => {
    await using hosting = await Hosting.start();
    const requests = { checkToken: 'early', restart: 'early', resetBreaker: 'early' };
    const greeter = await hosting.host('greeter');
    await hosting.running('greeter');
    hosting.assign({ ...greeter, epoch: 2, requests });
    const facts = await hosting.facts('greeter', ({ handledRequests }) => {
      return handledRequests?.checkToken === 'early';
    });
    expect(facts.handledRequests).toEqual(requests);
  });
});
