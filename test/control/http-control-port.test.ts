import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROTOCOL } from '../../src/control/messages.ts';
import type { BotReport, EndedBot } from '../../src/control/port.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { RetryStatistics } from '../../src/runtime/pipeline/retries/retry-statistics.ts';
import { fleetSpec } from '../support/assignments.ts';
import { waitFor } from '../support/wait.ts';
import { Follower, Leaders, newMaterial, type Replica, type RunningPort } from './leaders.ts';
import { bot, caller, largeBot, report, SHARD, tokenOf } from './support.ts';

/** A leader that has placed these bots on the shard, and nothing else. */
async function leading(leaders: Leaders, names: readonly string[] = []): Promise<Replica> {
  const leader = await leaders.addReplica();
  lead(leader, names);
  return leader;
}

function lead({ hub }: Replica, names: readonly string[]): void {
  hub?.setFleet('default', { fleet: fleetSpec('http://telegram'), shards: 1 });
  for (const name of names) hub?.place(SHARD, bot(name));
  hub?.complete(SHARD);
}

/** Everything that a leader is told. */
function reportsTo({ hub }: Replica): BotReport[] {
  const reports: BotReport[] = [];
  hub?.onReport((_, told) => reports.push(told));
  return reports;
}

function results({ results }: RunningPort, result: string): Promise<boolean> {
  return waitFor(`a sync to end as ${result}`, () => results.includes(result as 'ok'));
}

test('a runtime follows its leader and tells it how it goes', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a', 'b']);
  const told = reportsTo(leader);
  const released: string[] = [];
  leader.hub?.onReleased((_, { uid, epoch }) => released.push(`${uid}@${epoch}`));
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('both bots', () => follower.uids?.join() === 'a,b');
  expect(follower.latest?.bots[0]?.token.reveal()).toBe(tokenOf('a'));
  expect(running.port.ready).toBe(true);

  leader.hub?.place(SHARD, bot('c', { epoch: 4 }));
  leader.hub?.withdraw(SHARD, 'a');
  await waitFor('the change', () => follower.uids?.join() === 'b,c');
  running.port.report(report('c', { epoch: 4, restarts: 2 }));
  await waitFor('the report', () => told.some(({ uid }) => uid === 'c'));
  expect(released).toEqual([]);
  const ended: EndedBot[] = [];
  leader.hub?.onEnded((_, bot) => ended.push(bot));
  running.port.report(report('a', { lifecycle: 'Stopped' }));
  running.port.ended({ uid: 'a', epoch: 1, offset: 18 });
  await waitFor('the release', () => released.join() === 'a@1');
  expect(ended).toEqual([{ uid: 'a', epoch: 1, offset: 18 }]);
  expect(leaders.log.join('\n')).not.toContain('CaNaRy');
});

test.each([
  ['behind', 1],
  ['ahead of', -1],
])('a node whose clock is an hour %s that of the leader does not matter', async (_, hours) => {
  await using leaders = await Leaders.start();
  leaders.material = await newMaterial(Date.now() + hours * 3_600_000);
  await leaders.publishBundle();
  const leader = await leading(leaders, ['a']);
  const follower = new Follower(await leaders.runtimePort(leader.url, caller()));
  await waitFor('the bot', () => follower.uids?.join() === 'a');
});

test('a transition is told while the leader holds a request, traffic goes along with the next', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const told = reportsTo(leader);
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('the bot', () => follower.uids?.join() === 'a');
  running.port.report(report('a'));
  await waitFor('the first report', () => told.length === 1);
  for (let updates = 1; updates <= 50; updates++) {
    const counters = { updates, handled: updates, skipped: 0, replies: 0, errors: 0 };
    running.port.report(report('a', { counters }));
  }
  await waitFor('the last report', () => told.at(-1)?.facts.counters.updates === 50);
  expect(told.length).toBeLessThan(5);
  expect(running.port.replacedReports).toBeGreaterThan(40);
});

test('a bot larger than an answer, and more than one answer holds, arrive', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders);
  for (let index = 0; index < 24; index++) leader.hub?.place(SHARD, largeBot(`b${index}`, 400_000));
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('all bots', () => follower.uids?.length === 24);
  expect(follower.all.length).toBeGreaterThan(1);
});

test('with no leader nothing changes, and what was reported meanwhile reaches the next one', async () => {
  await using leaders = await Leaders.start();
  const first = await leading(leaders, ['a', 'b']);
  const running = await leaders.runtimePort(first.url, caller());
  const follower = new Follower(running);
  await waitFor('both bots', () => follower.uids?.join() === 'a,b');
  const toldFirst = reportsTo(first);
  running.port.report(report('b', { restarts: 1 }));
  await waitFor('the first report', () => toldFirst.length === 1);
  await waitFor('its receipt', () => running.results.length > 4);
  const { port } = first.server;
  await first.server.close();
  await results(running, 'unreachable');
  running.port.report(report('a', { lifecycle: 'Crashed' }));
  const handedOut = follower.all.length;

  const second = await leaders.addReplica({ port });
  const told = reportsTo(second);
  await waitFor('contact', () => second.hub?.contact(SHARD)?.hosting?.length === 2);
  expect(follower.all).toHaveLength(handedOut);
  lead(second, ['a', 'b']);
  await waitFor('the report of the time without a leader', () =>
    told.some(({ uid, facts }) => uid === 'a' && facts.lifecycle === 'Crashed'),
  );
  await waitFor('what only the first leader had', () =>
    told.some(({ uid, facts }) => uid === 'b' && facts.restarts === 1),
  );
  second.hub?.withdraw(SHARD, 'b');
  await waitFor('what the new leader wants', () => follower.uids?.join() === 'a');
});

test('two replicas take over from one another without a bot being let go', async () => {
  await using leaders = await Leaders.start();
  const replica = await leading(leaders, ['a', 'b']);
  const running = await leaders.runtimePort(replica.url, caller());
  const follower = new Follower(running);
  await waitFor('both bots', () => follower.uids?.join() === 'a,b');
  for (let term = 0; term < 3; term++) {
    const { hub } = replica;
    replica.hub = undefined;
    replica.holder = 'operator-1';
    hub?.close();
    await waitFor('503', () => running.results.at(-1) === 'not_leader');
    replica.hub = leaders.newHub();
    const { hub: next } = replica;
    await waitFor('contact', () => next.contact(SHARD)?.hosting?.length === 2);
    lead(replica, ['a', 'b']);
    await waitFor('all read', () => running.results.at(-1) === 'ok');
  }
  expect(follower.all.every(({ bots }) => bots.length === 2)).toBe(true);
  expect(leaders.log.join('\n')).toContain('The leader is operator-1.');
});

test('authorities and tokens change under traffic without a failed request', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('the bot', () => follower.uids?.join() === 'a');
  const old = leaders.material;
  const next = await newMaterial();
  // First the bundle, then the leaf, then the old authority goes.
  leaders.material = { authorities: [...old.authorities, ...next.authorities], leaf: old.leaf };
  await leaders.publishBundle();
  leader.hub?.place(SHARD, bot('b'));
  await waitFor('the first change', () => follower.uids?.join() === 'a,b');
  leaders.material = { ...leaders.material, leaf: next.leaf };
  await leaders.replaceToken(caller());
  leader.hub?.place(SHARD, bot('c'));
  await waitFor('the second change', () => follower.uids?.join() === 'a,b,c');
  leaders.material = next;
  await leaders.publishBundle();
  leader.hub?.place(SHARD, bot('d'));
  await waitFor('the third change', () => follower.uids?.join() === 'a,b,c,d');
  expect(new Set(running.results)).toEqual(new Set(['ok']));
});

test('a leader that comes back with another authority is trusted once its bundle is there', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const running = await leaders.runtimePort(leader.url, caller());
  await results(running, 'ok');
  const { port } = leader.server;
  await leader.server.close();
  leaders.material = await newMaterial();
  await leaders.addReplica({ port });
  await waitFor('distrust', () => running.results.at(-1) === 'unreachable');
  await leaders.publishBundle();
  await waitFor('contact', () => running.results.at(-1) === 'ok');
});

test('whoever is not the leader by its certificate hears nothing', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  await using others = await Leaders.start();
  const running = await others.runtimePort(leader.url, caller());
  await results(running, 'unreachable');
  expect(leader.hub?.contact(SHARD)).toBeUndefined();
  expect(others.log.join()).toMatch(/no contact with a leader, bots go on: .*certificate/);
});

test('a runtime that another one has replaced lets go of its bots', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const old = await leaders.runtimePort(leader.url, caller('pod-a'));
  const oldBots = new Follower(old);
  await waitFor('the bot', () => oldBots.uids?.join() === 'a');
  const young = await leaders.runtimePort(leader.url, caller('pod-b'));
  const youngBots = new Follower(young);
  await waitFor('the bot, there', () => youngBots.uids?.join() === 'a');
  await waitFor('none here', () => oldBots.uids?.length === 0);
  expect(oldBots.latest?.superseded).toBe(true);
  expect(old.port.inContact()).toBe(false);
  expect(young.results).not.toContain('superseded');
  expect(youngBots.latest?.superseded).toBeUndefined();
});

test('a bot that the runtime gives up is gone until it is handed out anew', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a', 'b']);
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('both bots', () => follower.uids?.join() === 'a,b');
  expect(running.port.inContact()).toBe(true);
  const { port } = leader.server;
  await leader.server.close();
  await results(running, 'unreachable');
  running.port.yield('a');
  await waitFor('one bot', () => follower.uids?.join() === 'b');
  running.port.ended({ uid: 'a', epoch: 1 });
  // Whoever led last leads still.
  const again = await leaders.addReplica({ port, leads: false });
  again.hub = leader.hub;
  await waitFor('both bots', () => follower.uids?.join() === 'a,b');
  await waitFor('the leader to know', () => leader.hub?.contact(SHARD)?.hosting?.length === 2);
});

test('the last words of a runtime that ends reach the leader, and nothing reaches it', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const ended: EndedBot[] = [];
  leader.hub?.onEnded((_, bot) => ended.push(bot));
  const running = await leaders.runtimePort(leader.url, caller());
  const { port } = running;
  const stop = new AbortController();
  const bots = port.assignments(stop.signal);
  await bots.next();
  stop.abort();
  await bots.next();
  leader.hub?.place(SHARD, bot('late'));
  port.ended({ uid: 'a', epoch: 1, offset: 7 });
  await port.flush(running.signal);
  expect(ended).toEqual([{ uid: 'a', epoch: 1, offset: 7 }]);
  expect(leader.hub?.contact(SHARD)?.hosting).toEqual([]);
});

test('a refusal is said in words, and changes nothing', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('the bot', () => follower.uids?.join() === 'a');
  leaders.pods.clear();
  await results(running, 'refused');
  expect(leaders.log.join('\n')).toContain('Nobody knows this token. (TOKEN_REFUSED)');
  expect(follower.uids).toEqual(['a']);
  expect(running.port.inContact()).toBe(false);
});

test('a leader of the next protocol version says what is to be upgraded', async () => {
  await using leaders = await Leaders.start();
  const spoken = { oldest: PROTOCOL + 1, newest: PROTOCOL + 2 };
  const leader = await leaders.addReplica({ spoken });
  const running = await leaders.runtimePort(leader.url, caller());
  await results(running, 'refused');
  expect(leaders.log.join('\n')).toContain("upgrade the fleet's image");
  expect(running.port.ready).toBe(false);
});

test('a bot that this runtime does not understand is told of, and harms no other', async () => {
  await using leaders = await Leaders.start();
  const leader = await leading(leaders, ['a']);
  const told = reportsTo(leader);
  const beyond = bot('beyond');
  const handlers = [{ telepathy: 9 }] as unknown as typeof beyond.spec.handlers;
  leader.hub?.place(SHARD, { ...beyond, spec: { ...beyond.spec, handlers } });
  const running = await leaders.runtimePort(leader.url, caller());
  const follower = new Follower(running);
  await waitFor('the other bot', () => follower.uids?.join() === 'a');
  await waitFor('the report', () => told.some(({ uid }) => uid === 'beyond'));
  expect(told.find(({ uid }) => uid === 'beyond')?.facts).toMatchObject({
    lifecycle: 'Crashed',
    lastError: { message: expect.stringContaining('may be older than the operator') },
  });
});

test('without its files, or before something that is no leader, a runtime goes on trying', async () => {
  await using leaders = await Leaders.start();
  const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as { port: number };
  const running = await leaders.runtimePort(`https://127.0.0.1:${port}`, caller());
  await waitFor('several tries', () => running.results.length >= 3);
  expect(new Set(running.results)).toEqual(new Set(['unreachable']));
  await writeFile(join(leaders.folder, 'ca.crt'), 'rubbish');
  const before = running.results.length;
  await waitFor('more tries', () => running.results.length > before);
  await running.stop();
  server.close();
});

test('retries are told once to each leader', async () => {
  await using leaders = await Leaders.start();
  const first = await leading(leaders);
  const retries = new RetryStatistics(systemClock);
  retries.count('sendMessage', 'network', 'retried');
  const pod = caller();
  await leaders.runtimePort(first.url, pod, { retries });
  const shownBy = ({ hub }: Replica) =>
    hub?.retries.snapshot().retries.map(({ method, count }) => `${method} ${count}`);
  await waitFor('the retry', () => shownBy(first)?.join() === 'sendMessage 1');
  retries.count('sendMessage', 'network', 'retried');
  await waitFor('another', () => shownBy(first)?.join() === 'sendMessage 2');

  first.hub?.retries.reset();
  expect(shownBy(first)).toEqual([]);
  retries.count('getFile', 'server', 'exhausted');
  await waitFor('what came after', () => shownBy(first)?.join() === 'getFile 1');

  first.hub?.close();
  first.hub = leaders.newHub();
  lead(first, []);
  await waitFor('all of it', () => shownBy(first)?.join() === 'getFile 1,sendMessage 2');
});
