import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/lib/random.ts';
import { waitFor } from '../../support/wait.ts';
import { Hosting } from '../hosting.ts';

const COOLDOWN_MS = 10_000;

/** Hosts a bot that crashes at each of its first `crashes` polls: backing off needs chance. */
async function crashing(
  crashes: number,
  onLog: (line: string) => void = () => undefined,
): Promise<Hosting> {
  let left = crashes;
  const hosting = await Hosting.start({
    onLog,
    random: () => {
      if (left-- > 0) throw new Error('out of dice');
      return systemRandom();
    },
  });
  await hosting.control.addFault({
    method: 'getUpdates',
    count: crashes,
    effect: { kind: 'status', status: 500 },
  });
  await hosting.host('greeter');
  return hosting;
}

test('a bot that crashes is started again after a pause, and then answers', async () => {
  await using hosting = await crashing(1);
  const { restarts, lastError } = await hosting.facts(
    'greeter',
    ({ lifecycle }) => lifecycle === 'Restarting',
  );
  expect({ restarts, message: lastError?.message }).toEqual({
    restarts: 1,
    message: 'out of dice',
  });
  expect(await hosting.calls('greeter', 'getMe')).toBe(1);
  await hosting.advance(COOLDOWN_MS / 2);
  expect(hosting.port.facts.get('greeter')?.lifecycle).toBe('Restarting');
  await hosting.advance(COOLDOWN_MS / 2);
  await hosting.running('greeter');
  await hosting.say('greeter', '/start');
  await hosting.answered('greeter', 'I am greeter');
});

test('a bot that crashes too often rests until its spec changes', async () => {
  await using hosting = await crashing(4);
  for (let restart = 1; restart <= 3; restart++) {
    await hosting.facts('greeter', (facts) => {
      return facts.lifecycle === 'Restarting' && facts.restarts === restart;
    });
    await hosting.advance(COOLDOWN_MS);
  }
  await hosting.facts('greeter', ({ lifecycle }) => lifecycle === 'Crashed');
  await hosting.advance(24 * 3_600_000);
  expect(hosting.port.facts.get('greeter')?.lifecycle).toBe('Crashed');
  expect(await hosting.calls('greeter', 'getMe')).toBe(4);
  const [assignment] = hosting.bots.values();
  if (assignment) hosting.assign({ ...assignment, generation: 2 });
  await hosting.running('greeter');
  expect(hosting.port.facts.get('greeter')?.restarts).toBe(3);
});

test('a bot whose crash can not even be told rests before it begins again', async () => {
  let untold = 0;
  await using hosting = await crashing(1, (line) => {
    if (line.includes('crashed') && untold++ === 0) throw new Error('the disk is full');
  });
  await waitFor('the crash', () => untold > 0);
  await hosting.advance(COOLDOWN_MS - 1_000);
  expect(await hosting.calls('greeter', 'getMe')).toBe(1);
  await hosting.advance(1_000);
  await waitFor('the next beginning', async () => (await hosting.calls('greeter', 'getMe')) > 1);
});

test('a spec that can take no effect is not tried again until there is another', async () => {
  await using hosting = await Hosting.start();
  const url = 'http://127.0.0.1:9/';
  const echo = await hosting.host('echo', {
    handlers: [{ forward: { url, signingSecretRef: { name: 'keys' } } }],
  });
  const { signingKeys } = echo;
  hosting.assign({ ...echo, epoch: 2, signingKeys: new Map() });
  const { lastError } = await hosting.facts('echo', ({ lifecycle }) => lifecycle === 'Crashed');
  expect(lastError?.message).toContain('put one into the Secret "keys"');
  hosting.assign({ ...echo, epoch: 2, signingKeys });
  await hosting.running('echo');
});
