import { beforeEach, expect, it } from 'vitest';
import { REQUEST_ANNOTATIONS } from '../../src/api/bot-requests.ts';
import { TENANT_BOTS } from '../../src/controller/bot/stored-bot.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { botWorld, tokenOf } from '../controller/bot/bot-world.ts';
import { type Ran, tenantbot } from '../support/tenantbot.ts';

const SHARD = { fleet: 'default', ordinal: 0 };

describeWithApiServer('asking bots of a cluster', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);
  beforeEach(async () => {
    await world().lead();
    world().run(SHARD);
  });

  const ask = (...words: readonly string[]): Promise<Ran> => {
    const [namespace] = world().namespaces;
    const where = words.includes('-A') ? [] : ['-n', namespace];
    return tenantbot('.', ...words, ...where, '--kubeconfig', kubeconfig);
  };

  it('writes an annotation, and waits for the shard to have met it', async () => {
    await world().botWithToken('greeter', 11);
    const before = await world().untilReady('greeter');
    const [namespace] = world().namespaces;
    expect(await ask('token', 'check', 'greeter')).toEqual({
      code: 0,
      out: `${namespace}/greeter   Valid   @bot_11\n`,
      err: '',
    });
    for (const words of [['breaker', 'reset'], ['restart']]) {
      expect(await ask(...words, 'greeter')).toMatchObject({ code: 0, err: '' });
    }
    const after = await world().get('greeter');
    const { annotations = {}, generation } = after?.metadata ?? {};
    const { checkToken, resetBreaker, restart } = after?.status?.handledRequests ?? {};
    expect(annotations).toMatchObject({
      [REQUEST_ANNOTATIONS.checkToken]: checkToken,
      [REQUEST_ANNOTATIONS.resetBreaker]: resetBreaker,
      [REQUEST_ANNOTATIONS.restart]: restart,
    });
    expect(generation).toBe(before.metadata.generation);
  });

  it('asks all, and fails where a token is bad', async () => {
    await world().botWithToken('good', 11);
    await world().botWithToken('dead', 12);
    await world().bot('lost');
    world().ledger.refused.add(12);
    await world().untilReady('good');
    await world().until('dead', 'to be refused', ({ token }) => token?.state === 'Revoked');
    await world().until('lost', 'to lack its Secret', ({ token }) => token?.state === 'Missing');
    const { code, out, err } = await ask('token', 'check', '--all', '--concurrency', '2');
    expect(code).toBe(1);
    expect(err).toMatch(/^tenantbot: 3 bots: /);
    for (const words of ['1 Valid', '1 Revoked', '1 Missing']) expect(err).toContain(words);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect(out).toMatch(/dead +Revoked +Telegram refuses it. Renew it./);
    expect(out).not.toContain(tokenOf(11).split(':')[1]);
  });

  it('finds a new token at once where Secrets are not watched', async () => {
    await world().botWithToken('renewed', 11);
    await world().untilReady('renewed');
    await world().secret('renewed', 'no token at all');
    expect(await ask('token', 'check', 'renewed')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/renewed +InvalidFormat +The token has no colon/),
    });
  });

  it('says in words that nobody answers, that there is no such bot, context or file', async () => {
    const [namespace] = world().namespaces;
    await world().botWithToken('greeter', 11);
    await world().untilReady('greeter');
    await world().kill(SHARD);
    expect(await ask('restart', 'greeter', '--timeout', '1s')).toMatchObject({
      code: 1,
      out: expect.stringContaining('no answer   Nothing came within 1 s'),
    });
    expect((await ask('restart', 'nobody')).err).toMatch(/tenantbots.*nobody/);
    expect((await ask('restart', 'greeter', '--context', 'moon')).err).toContain(
      'the kubeconfig has no context "moon"; it has ',
    );
    const nowhere = await tenantbot('.', 'restart', 'greeter', '--kubeconfig', 'nowhere.yaml');
    expect(nowhere.err).toContain('the kubeconfig nowhere.yaml cannot be read');
    await world().client.get(TENANT_BOTS, { namespace, name: 'greeter' });
  });
});
