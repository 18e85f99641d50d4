import { expect, it } from 'vitest';
import { type Right, rightsFor } from '../../src/controller/rights.ts';
import { describeWithApiServer } from '../cluster/with-api-server.ts';
import { type Rendered, render } from './helm.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** `where group/resource[name] verb`, one line for each thing that is allowed. */
function lines(where: string, rules: readonly Rule[]): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = ['*'] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) =>
          verbs.map((verb) => `${where} ${group}/${resource}[${name}] ${verb}`),
        ),
      ),
    ),
  );
}

function rulesOf(objects: readonly Rendered[], kind: string, name: string): readonly Rule[] {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  return (found?.['rules'] as Rule[] | undefined) ?? [];
}

/** What the program's own table says. */
function wanted(rights: readonly Right[], where: Right['where']): string[] {
  return rights
    .filter((right) => right.where === where)
    .flatMap(({ group, resource, verbs, names }) =>
      lines(where, [
        {
          apiGroups: [group],
          resources: [resource],
          verbs,
          ...(names && { resourceNames: names }),
        },
      ]),
    )
    .toSorted();
}

describeWithApiServer("the chart's roles", () => {
  it.each([false, true])(
    'grant what the program asks for, no more (secrets.watch=%s)',
    async (watch) => {
      const rights = rightsFor({ watchSecrets: watch });
      const objects = await render('--set', `secrets.watch=${watch}`);
      const cluster = rulesOf(objects, 'ClusterRole', 'tenantbot-system-tenantbot');
      const own = rulesOf(objects, 'Role', 'tenantbot');

      expect(lines('', cluster).toSorted()).toEqual(
        [...wanted(rights, 'cluster'), ...wanted(rights, 'bots')].map(withoutPlace).toSorted(),
      );
      expect(lines('own', own).toSorted()).toEqual(wanted(rights, 'own'));
    },
  );

  it('reach into the watched namespaces alone, where there are some', async () => {
    const rights = rightsFor({ watchSecrets: false });
    const objects = await render('--set', 'watchNamespaces={a,b}');
    const cluster = rulesOf(objects, 'ClusterRole', 'tenantbot-system-tenantbot');
    expect(lines('cluster', cluster).toSorted()).toEqual(wanted(rights, 'cluster'));

    for (const namespace of ['a', 'b']) {
      const inNamespace = objects.filter(({ metadata }) => metadata.namespace === namespace);
      expect(lines('bots', rulesOf(inNamespace, 'Role', 'tenantbot-bots')).toSorted()).toEqual(
        wanted(rights, 'bots'),
      );
      expect(inNamespace.map(({ kind }) => kind).toSorted()).toEqual(['Role', 'RoleBinding']);
    }
  });

  it('let no tenant write a status', async () => {
    const objects = await render();
    const of = (role: string): string[] => {
      const rules = rulesOf(objects, 'ClusterRole', `tenantbot-system-tenantbot-${role}`);
      return lines(role, rules);
    };
    const all = ['view', 'edit', 'admin'].flatMap(of);
    expect(all.filter((line) => line.includes('/status['))).toEqual([]);
    // The parts are for the admin API alone; who may only view changes none.
    expect(of('view').filter((line) => !/ (get|list|watch)$/.test(line))).toEqual([]);
    expect(of('edit')).toContain('edit tenantbot.dev/tenantbots/breaker[*] update');
  });
});

function withoutPlace(line: string): string {
  return line.slice(line.indexOf(' '));
}
