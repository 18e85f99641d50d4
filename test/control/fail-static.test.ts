import { expect, test } from 'vitest';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { startEmulator } from '../../src/emulator/emulator.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { botAssignment, fleetSpec } from '../support/assignments.ts';
import { waitFor } from '../support/wait.ts';
import { Leaders } from './leaders.ts';
import { caller, SHARD } from './support.ts';

const CANARY = 'CaNaRy';

test('bots answer without a leader, as the last one said, and the next one hears all of it', async () => {
  await using leaders = await Leaders.start();
  const emulator = await startEmulator();
  const control = new EmulatorClient(emulator.controlUrl);
  const token = `123456:${CANARY}${'x'.repeat(30)}`;
  await control.createBot({ username: 'greeter_bot', token });
  const handlers = [{ command: { name: 'start', reply: { text: 'I am greeter' } } }];
  const assignment = botAssignment({ name: 'greeter', token, handlers });
  const user = await control.createUser({ firstName: 'Ann' });
  const ask = async (count: number): Promise<void> => {
    await control.sendText({ bot: 'greeter_bot', from: user.id, text: '/start' });
    await waitFor(`answer ${count}`, async () => {
      const calls = await control.calls({ bot: 'greeter_bot', method: 'sendMessage' });
      return calls.filter(({ outcome }) => outcome?.ok).length === count;
    });
  };

  const first = await leaders.addReplica();
  first.hub?.setFleet('default', { fleet: fleetSpec(emulator.apiRoot), shards: 1 });
  first.hub?.place(SHARD, assignment);
  first.hub?.complete(SHARD);
  const running = await leaders.runtimePort(first.url, caller());
  const write = (line: string): void => void leaders.log.push(line);
  const log = createLog({ level: 'debug', format: 'json', destination: { write } });
  const runtime = new Runtime({ port: running.port, log });
  const stop = new AbortController();
  const ended = runtime.start(stop.signal);
  await ask(1);

  const { port } = first.server;
  await first.server.close();
  await waitFor('no contact', () => running.results.at(-1) === 'unreachable');
  await ask(2);
  const polls = async (): Promise<number> =>
    (await control.calls({ bot: 'greeter_bot', method: 'getMe' })).length;
  expect(await polls()).toBe(1);

  const second = await leaders.addReplica({ port });
  let replies = 0;
  second.hub?.onReport((_, { facts }) => {
    replies = facts.counters.replies;
  });
  second.hub?.setFleet('default', { fleet: fleetSpec(emulator.apiRoot), shards: 1 });
  second.hub?.place(SHARD, assignment);
  await waitFor('the count of both answers', () => replies === 2);
  expect(await polls()).toBe(1);

  const released: string[] = [];
  second.hub?.onReleased((_, { uid }) => released.push(uid));
  second.hub?.withdraw(SHARD, 'greeter');
  await waitFor('the release', () => released.join() === 'greeter');
  const queued = await control.sendText({ bot: 'greeter_bot', from: user.id, text: '/start' });
  expect(queued.updateId).not.toBeNull();
  expect(await control.calls({ bot: 'greeter_bot', method: 'sendMessage' })).toHaveLength(2);

  stop.abort();
  await ended;
  await emulator.close();
  expect(leaders.log.join('\n')).not.toContain(CANARY);
});
