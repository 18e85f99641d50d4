import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import type { ManifestSet } from '../../../src/standalone/manifests/manifest-set.ts';
import { ManifestSource } from '../../../src/standalone/manifests/manifest-source.ts';
import { problemLine } from '../../../src/standalone/manifests/place.ts';
import { waitFor } from '../../support/wait.ts';
import { botYaml, makeFolder, makeLog, secretYaml } from '../support.ts';

describe('ManifestSource', () => {
  let folder = '';
  let seen: ManifestSet[] = [];
  beforeEach(async () => {
    folder = await makeFolder();
    seen = [];
  });

  async function put(name: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }

  async function open(...names: readonly string[]): Promise<void> {
    const source = await ManifestSource.open({
      paths: names.map((name) => join(folder, name)),
      folder,
      clock: systemClock,
      log: makeLog().log,
      onChange: (set) => seen.push(set),
    });
    onTestFinished(() => source.close());
  }

  /** Objects by name, with the reply of bots. */
  function objects(): Record<string, string> {
    const shown: Record<string, string> = {};
    for (const [id, object] of seen.at(-1)?.objects ?? []) {
      const [handler] = object.kind === 'TenantBot' ? object.object.spec.handlers : [];
      shown[id] = handler?.command?.reply.text ?? '';
    }
    return shown;
  }

  const problems = (): string[] => (seen.at(-1)?.problems ?? []).map(problemLine);

  const soon = (what: string, check: () => boolean): Promise<true> =>
    waitFor(what, check, { timeoutMs: 1_000 });

  test('tells what there is before it resolves', async () => {
    await put('bots/one.yaml', botYaml({ name: 'one' }));
    await open('bots');
    expect(objects()).toEqual({ 'TenantBot/default/one': 'hello' });
  });

  test('keeps in memory once what bots have in common', async () => {
    await put('one.yaml', botYaml({ name: 'one' }));
    await put('two.yaml', botYaml({ name: 'two' }));
    await open('.');
    const specs = [...(seen.at(-1)?.objects ?? []).values()].flatMap((found) =>
      found.kind === 'TenantBot' ? found.object.spec : [],
    );
    expect(specs).toHaveLength(2);
    expect(specs[0]?.handlers).toBe(specs[1]?.handlers);
  });

  test('sees changes, new files in new folders, and removals within a second', async () => {
    await put('bots/one.yaml', botYaml({ name: 'one' }));
    await open('bots');
    await put('bots/one.yaml', botYaml({ name: 'one', reply: 'changed' }));
    await soon('the change', () => objects()['TenantBot/default/one'] === 'changed');
    await put('bots/deep/er/two.yaml', secretYaml({ name: 'two' }));
    await soon('the new file', () => 'Secret/default/two' in objects());
    await put('bots/deep/er/three.yaml', secretYaml({ name: 'three' }));
    await soon('the next file there', () => 'Secret/default/three' in objects());
    await rm(join(folder, 'bots/deep'), { recursive: true });
    await soon('the removal', () => Object.keys(objects()).length === 1);
  });

  test('sees a single file that is replaced, as editors do', async () => {
    await put('one.yaml', botYaml({ name: 'one' }));
    await open('one.yaml');
    for (const reply of ['second', 'third']) {
      await put('one.yaml.tmp', botYaml({ name: 'one', reply }));
      await rename(join(folder, 'one.yaml.tmp'), join(folder, 'one.yaml'));
      await soon(reply, () => objects()['TenantBot/default/one'] === reply);
    }
  });

  test('a file that is empty or gone for a moment takes nothing away', async () => {
    await put('bots/one.yaml', botYaml({ name: 'one' }));
    await open('bots');
    const path = join(folder, 'bots/one.yaml');
    await truncate(path);
    await waitFor('a look at the empty file', () => seen.length > 1);
    await put('bots/one.yaml', botYaml({ name: 'one', reply: 'back' }));
    await soon('its return', () => objects()['TenantBot/default/one'] === 'back');
    expect(seen.every((set) => set.objects.size === 1)).toBe(true);
  });

  test('a file that stays empty loses its objects', async () => {
    await put('bots/one.yaml', botYaml({ name: 'one' }));
    await open('bots');
    await put('bots/one.yaml', '');
    await soon('the removal', () => Object.keys(objects()).length === 0);
  });

  test('a broken file keeps its last good objects and says why; others go on', async () => {
    await put('bots/one.yaml', botYaml({ name: 'one' }));
    await put('bots/two.yaml', botYaml({ name: 'two' }));
    await open('bots');
    await put('bots/one.yaml', 'kind: [');
    await put('bots/two.yaml', botYaml({ name: 'two', reply: 'new' }));
    await soon(
      'both',
      () => problems().length === 1 && objects()['TenantBot/default/two'] === 'new',
    );
    expect(problems()).toEqual([
      expect.stringMatching(/^bots\/one\.yaml:\d+:\d+: this is not YAML/),
    ]);
    expect(seen.at(-1)?.objects.get('TenantBot/default/one')).toMatchObject({
      keptBecause: problems()[0],
    });
    await put('bots/one.yaml', botYaml({ name: 'one', reply: 'mended' }));
    await soon('the mended file', () => objects()['TenantBot/default/one'] === 'mended');
    expect(problems()).toEqual([]);
    expect(seen.at(-1)?.objects.get('TenantBot/default/one')).not.toHaveProperty('keptBecause');
  });

  test('of an object in two files the first counts, and both places are named', async () => {
    await put('bots/a.yaml', botYaml({ name: 'one', reply: 'a' }));
    await put('bots/b.yaml', `\n${botYaml({ name: 'one', reply: 'b' })}`);
    await open('bots');
    expect(objects()).toEqual({ 'TenantBot/default/one': 'a' });
    expect(problems()).toEqual([
      'bots/b.yaml:2:1: TenantBot default/one stands in bots/a.yaml:1:1 already; that one counts, remove one of the two',
    ]);
  });

  test('a path that does not exist yet is a problem until it does', async () => {
    await open('later.yaml');
    expect(problems()).toEqual([expect.stringContaining('there is no such file')]);
    await put('later.yaml', botYaml({ name: 'one' }));
    await soon('the file', () => Object.keys(objects()).length === 1);
    expect(problems()).toEqual([]);
  });
});
