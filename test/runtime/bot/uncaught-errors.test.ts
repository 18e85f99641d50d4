import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RuntimeFacts } from '../../../src/api/runtime-facts.ts';
import { EmulatorClient } from '../../../src/emulator/control-client.ts';
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { type Program, startScript } from '../../support/program.ts';
import type { Mishap, RuntimeRequest } from '../../support/runtime-program.ts';
import { waitFor } from '../../support/wait.ts';

const PROGRAM = join(import.meta.dirname, '../../support/runtime-program.ts');

/** A runtime in a process of its own, with a bot that things will go wrong in, and a neighbour. */
async function startWorld() {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const control = new EmulatorClient(emulator.controlUrl);
  const runtime = await startScript(PROGRAM);
  onTestFinished(() => runtime[Symbol.asyncDispose]());
  const tokens = await Promise.all(
    ['haunted', 'greeter'].map((name) => control.createBot({ username: `${name}_bot` })),
  );
  const bots = ['haunted', 'greeter'].map((name, index) => ({
    name,
    token: tokens[index]?.token ?? '',
    handlers: [{ command: { name: 'say', reply: { text: '{args}' } } }],
    spec: { restart: { cooldownSeconds: 1 } },
  }));
  await ask(runtime, { kind: 'host', apiRoot: emulator.apiRoot, bots });
  for (const { name } of bots)
    await facts(runtime, name, ({ lifecycle }) => lifecycle === 'Running');
  const ann = (await control.createUser({ firstName: 'Ann' })).id;
  const say = (name: string, text: string) =>
    control.sendText({ bot: `${name}_bot`, from: ann, text });
  const said = (name: string, text: string) =>
    control.waitFor({ kind: 'calls', bot: `${name}_bot`, method: 'sendMessage', text, ok: true });
  return { runtime, control, say, said };
}

function ask<Answer>(runtime: Program, request: RuntimeRequest): Promise<Answer> {
  return runtime.ask<Answer>(request);
}

function facts(runtime: Program, name: string, check: (facts: RuntimeFacts) => boolean) {
  return waitFor(`facts of ${name}`, async () => {
    const told = await ask<RuntimeFacts | null>(runtime, { kind: 'facts', name });
    return told && check(told) ? told : undefined;
  });
}

const MISHAPS: readonly (readonly [Mishap, string])[] = [
  ['rejection', 'nobody awaited this'],
  ['late rejection', 'nor this'],
  ['timer', 'in a timer'],
  ['microtask', 'in a microtask'],
  ['emitter', 'unheard'],
];

describe('an error that nobody can catch', () => {
  test.each(MISHAPS)('(%s) crashes the bot it belongs to, and no other', async (how, message) => {
    const { runtime, control, say, said } = await startWorld();
    // A reply of which nothing is left is logged in the midst of the update's handling.
    await ask(runtime, { kind: 'go-wrong', how, when: 'reply not sent' });
    await say('haunted', '/say');
    const crashed = await facts(runtime, 'haunted', ({ restarts }) => restarts === 1);
    expect(crashed.lastError?.message).toContain(message);
    expect(crashed.counters.errors).toBe(1);
    await say('greeter', '/say I am here');
    expect(await said('greeter', 'I am here')).toMatchObject({ met: true });

    await facts(runtime, 'haunted', ({ lifecycle }) => lifecycle === 'Running');
    await say('haunted', '/say back again');
    expect(await said('haunted', 'back again')).toMatchObject({ met: true });
    expect(await control.waitFor({ kind: 'confirmed', bot: 'haunted_bot' })).toMatchObject({
      met: true,
    });
    const neighbour = await facts(runtime, 'greeter', () => true);
    expect(neighbour).toMatchObject({ lifecycle: 'Running', restarts: 0, counters: { errors: 0 } });
    expect(neighbour.lastError).toBeUndefined();
    expect(await runtime.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  test.each(MISHAPS)('(%s) of no bot is logged and ends the process', async (how, message) => {
    const { runtime } = await startWorld();
    void ask(runtime, { kind: 'go-wrong', how }).catch(() => undefined);
    expect(await runtime.exited).toEqual({ code: 1, signal: null });
    expect(runtime.output).toMatch(new RegExp(`no bot owns it: .*${message}`));
  });
});
