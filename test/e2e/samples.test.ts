import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itsAnswer } from '../support/conversation.ts';
import { Installation, OPERATOR_NAMESPACE } from './support/installation.ts';

const SAMPLES = join(import.meta.dirname, '../../config/samples');

describe('from kubectl apply to an answered message', () => {
  let installation: Installation;
  beforeAll(async () => {
    installation = await Installation.open();
  });
  afterAll(() => installation[Symbol.asyncDispose]());

  it('the samples are applied, become Ready and answer', async () => {
    const { kubectl, emulator } = installation;
    await using tenant = await installation.tenant();
    const startedMs = performance.now();
    await kubectl.run('-n', tenant.name, 'apply', '-f', SAMPLES);
    await installation.ready(tenant.name, 'greeter');
    const answer = await itsAnswer(emulator, { bot: 1_000_000_001, from: 'alice', text: '/start' });
    console.log(`apply to answer: ${Math.round(performance.now() - startedMs)} ms`);
    expect(answer).toMatch(/^Hello /);

    // What is broken says so, and what to do.
    const broken = await installation.bot(tenant.name, 'broken-token');
    expect(broken.status).toMatchObject({ phase: 'Pending', token: { state: 'InvalidFormat' } });
  });

  it('kubectl shows how bots and fleets do', async () => {
    const { kubectl } = installation;
    await using tenant = await installation.tenant();
    const { username } = await installation.makeBot(tenant.name, 'shown');
    await installation.ready(tenant.name, 'shown');
    const bot = await installation.bot(tenant.name, 'shown');

    const table = await kubectl.run('-n', tenant.name, 'get', 'tb');
    expect(table).toMatch(new RegExp(`shown +True +${username} +Valid`));
    expect(await kubectl.run('-n', tenant.name, 'get', 'tb', '-o', 'wide')).toContain(username);
    expect(await kubectl.run('-n', OPERATOR_NAMESPACE, 'get', 'bf')).toMatch(/default +True/);
    expect(await kubectl.run('-n', tenant.name, 'get', 'bots')).toContain('shown');
    expect(await kubectl.run('explain', 'tenantbot.spec.tokenSecretRef')).toContain('DESCRIPTION');
    expect(await kubectl.run('-n', tenant.name, 'describe', 'tb', 'shown')).toContain('Placed');
    const shard = `status.placement.shard=${bot.status.placement.shard}`;
    expect(await kubectl.run('get', 'tb', '-A', '--field-selector', shard)).toContain('shown');
    const other = 'status.placement.shard=99';
    expect(await kubectl.list('tb', '-A', '--field-selector', other)).toEqual([]);
  });
});
