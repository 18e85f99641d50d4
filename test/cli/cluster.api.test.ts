import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findControlPlanePrograms } from '../cluster/control-plane-programs.ts';
import { makeNamespace } from '../cluster/namespace.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { botWorld } from '../controller/bot/bot-world.ts';
import { type ProgramOptions, startScript } from '../support/program.ts';
import { type Ran, run, TENANTBOT, tenantbot } from '../support/tenantbot.ts';

const SHARD = { fleet: 'default', ordinal: 0 };
const BIN = join(import.meta.dirname, '../../bin');

describeWithApiServer('commands that ask a cluster', ({ kubeconfig }) => {
  const world = botWorld(kubeconfig);
  let kubectl = '';
  beforeAll(async () => {
    const log = (line: string): void => console.error(line);
    kubectl = join(await findControlPlanePrograms(['kubectl'], { log }), 'kubectl');
  });
  const here = (): readonly string[] => ['-n', world().namespaces[0], '--kubeconfig', kubeconfig];
  const ask = (...words: readonly string[]): Promise<Ran> => tenantbot('.', ...words, ...here());

  /** One bot that answers, one whose Secret is missing, one in another namespace. */
  async function someBots(): Promise<void> {
    await world().lead({ fleets: true });
    world().run(SHARD);
    await world().botWithToken('greeter', 11);
    await world().bot('lost');
    await world().botWithToken('far', 12, { namespace: world().namespaces[1] });
    await world().untilReady('greeter');
    await world().untilReady('far', world().namespaces[1]);
    await world().until('lost', 'to lack its Secret', ({ token }) => token?.state === 'Missing');
  }

  describe('get', () => {
    it('prints what kubectl prints', async () => {
      await someBots();
      const [namespace] = world().namespaces;
      for (const words of [
        ['get', 'tenantbots'],
        ['get', 'tenantbots', '-o', 'wide'],
      ]) {
        const kubectl = await run([
          'kubectl',
          '--kubeconfig',
          kubeconfig,
          '-n',
          namespace,
          ...words,
        ]);
        const ours = await ask(...words);
        // Ages may have gone on by a second, and with them the width of their column.
        const cells = (text: string) =>
          text
            .split('\n')
            .map((line) => line.split(/ {2,}/).filter((cell) => !/^\d+s$/.test(cell)));
        expect(cells(ours.out)).toEqual(cells(kubectl.out));
        expect(ours.err).toContain(`${namespace}/lost: `);
      }
      expect((await ask('get', '-o', 'name')).out).toBe(
        'tenantbot.tenantbot.dev/greeter\ntenantbot.tenantbot.dev/lost\n',
      );
      expect((await ask('get', 'greeter', '-o', 'name')).out).toBe(
        'tenantbot.tenantbot.dev/greeter\n',
      );
      const { items } = parse((await ask('get', '-o', 'yaml')).out) as {
        items: { metadata: object; status: object }[];
      };
      expect(items).toMatchObject([
        { kind: 'TenantBot', metadata: { name: 'greeter' }, status: { phase: 'Running' } },
        { metadata: { name: 'lost' } },
      ]);
      expect(items[0]?.metadata).not.toHaveProperty('managedFields');
      expect((await ask('get', 'fleets')).out).toMatch(/^NAME +READY +SHARDS[^]*\ndefault +/);
    });

    it('selects as kubectl does, over all namespaces too', async () => {
      await someBots();
      const everywhere = ['get', '-A', '-o', 'name', '--kubeconfig', kubeconfig];
      const far = `metadata.name=far,metadata.namespace=${world().namespaces[1]}`;
      const all = await tenantbot('.', ...everywhere, '--field-selector', far);
      expect(all.out).toBe('tenantbot.tenantbot.dev/far\n');
      expect(await ask('get', '-l', 'team=nobody')).toMatchObject({
        code: 0,
        out: '',
        err: expect.stringContaining('No resources found in'),
      });
      expect(await ask('get', '-l', 'a in b')).toMatchObject({ code: 1 });
      expect(await ask('get', 'greeter', '-l', 'a=b')).toMatchObject({
        code: 1,
        err: expect.stringContaining('a name or a selector, not both'),
      });
    });

    it('goes on with every change', async () => {
      await world().botWithToken('first', 11);
      const options: ProgramOptions = { until: /first/ };
      const args = ['get', '--watch', ...here()];
      await using program = await startScript(TENANTBOT, { ...options, args });
      await world().botWithToken('second', 12);
      await program.says(/second/);
    });
  });

  it('describe, status and top tell of bots', async () => {
    await someBots();
    const [namespace] = world().namespaces;
    const { out } = await ask('describe', 'lost');
    expect(out).toMatch(/^Name: +lost\nNamespace: +/);
    expect(out).toMatch(/TokenValid +False +Missing/);
    const status = await ask('status');
    expect(status).toMatchObject({ code: 0, err: '' });
    expect(status.out).toMatch(/^Bots: +2, 1 of them ready\n/);
    expect(status.out).toMatch(new RegExp(`${namespace} +lost +a person +Missing`));
    const summary = JSON.parse((await ask('status', '-o', 'json')).out) as object;
    expect(summary).toMatchObject({ bots: 2, ready: 1, unwell: [{ name: 'lost' }] });
    const top = JSON.parse((await ask('top', '-o', 'json', '--limit', '1')).out) as object;
    expect(top).toMatchObject([{ namespace, updates: 0 }]);
    expect((await ask('top', '--sort-by', 'beauty')).err).toContain('Allowed choices are updates');
  });

  it('suspend and resume write the spec, and say where that is not allowed', async () => {
    await someBots();
    const said = await ask('suspend', 'greeter');
    expect(said).toEqual({ code: 0, out: 'tenantbot.tenantbot.dev/greeter suspended\n', err: '' });
    await world().until('greeter', 'to be suspended', ({ phase }) => phase === 'Suspended');
    expect((await ask('suspend', '--all')).out).toBe(
      'tenantbot.tenantbot.dev/greeter suspended already\ntenantbot.tenantbot.dev/lost suspended\n',
    );
    expect((await ask('resume', 'greeter')).out).toContain('greeter resumed\n');
    await world().untilReady('greeter');
    expect(await ask('suspend')).toMatchObject({ code: 1, err: expect.stringContaining('--all') });
    expect(await ask('suspend', 'nobody')).toMatchObject({ code: 1 });
  });

  it('answers as a plugin of kubectl, with the kubeconfig that kubectl has', async () => {
    await using other = await makeNamespace(kubeconfig);
    const env = { PATH: `${BIN}${delimiter}${process.env['PATH']}`, KUBECONFIG: kubeconfig };
    const plugin = (...words: string[]) => run([kubectl, 'tenantbot', ...words], { env });
    const complete = (...words: string[]) =>
      run([kubectl, '__complete', 'tenantbot', ...words], { env });
    expect(await plugin('get', '-n', other.name)).toEqual({
      code: 0,
      out: '',
      err: `No resources found in ${other.name} namespace.\n`,
    });
    expect((await plugin('--help')).out).toMatch(/^Usage: kubectl tenantbot /);
    expect((await plugin('gett')).code).toBe(2);
    await world().bot('greeter');
    const [namespace] = world().namespaces;
    const next = await complete('describe', '-n', namespace, 'gr');
    expect(next.out).toBe('greeter\n:4\n');
    const list = await run([kubectl, 'plugin', 'list'], { env });
    expect(list.out).toContain('/kubectl-tenantbot');
  });
});
