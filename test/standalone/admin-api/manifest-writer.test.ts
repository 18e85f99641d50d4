import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { ManifestWriter } from '../../../src/standalone/admin-api/manifest-writer.ts';
import { ObjectCatalog } from '../../../src/standalone/admin-api/object-catalog.ts';
import type { ManifestSet } from '../../../src/standalone/manifests/manifest-set.ts';
import { ManifestSource } from '../../../src/standalone/manifests/manifest-source.ts';
import { ObjectStore } from '../../../src/standalone/object-store.ts';
import { botYaml, makeFolder, makeLog } from '../support.ts';

const ANA = { name: 'ana', token: new Secret('x') };
const HANDLERS = [{ command: { name: 'start', reply: { text: 'hello' } } }];
const signal = AbortSignal.timeout(20_000);

/** A writer whose changes are read from the disk again. */
async function open(folder: string, ...paths: string[]) {
  const objects = new ObjectStore();
  const show = (set: ManifestSet): void => {
    for (const { kind, object } of set.objects.values()) {
      if (kind !== 'TenantBot') continue;
      const { namespace, name } = object.metadata;
      const metadata = { ...object.metadata, uid: `${namespace}/${name}`, generation: 1 };
      const creationTimestamp = '2026-01-01T00:00:00Z';
      objects.put({ ...object, metadata: { ...metadata, creationTimestamp } });
    }
  };
  const source = await ManifestSource.open({
    paths,
    folder,
    clock: systemClock,
    log: makeLog().log,
    onChange: show,
  });
  onTestFinished(() => source.close());
  return new ManifestWriter({
    paths,
    folder,
    manifests: () => source.current,
    bots: new ObjectCatalog(objects, 'TenantBot'),
    ask: () => undefined,
    clock: systemClock,
  });
}

test('bots are changed in the file that holds them, behind links too, and its mode stays', async () => {
  const folder = await makeFolder();
  await mkdir(join(folder, 'bots'));
  const file = join(folder, 'real.yaml');
  await writeFile(file, `# mine\n${botYaml({ name: 'one' })}---\n${botYaml({ name: 'two' })}`);
  await chmod(file, 0o640);
  await symlink(file, join(folder, 'bots', 'link.yaml'));
  const writer = await open(folder, join(folder, 'bots'));
  const suspend = (name: string) =>
    writer.patch(ANA, { namespace: 'default', name }, { spec: { suspended: true } }, signal);
  const seen = await Promise.all([suspend('one'), suspend('two')]);
  for (const { spec } of seen) expect(spec).toMatchObject({ suspended: true });
  const text = await readFile(file, 'utf8');
  expect(text.match(/suspended: true/g)).toHaveLength(2);
  expect(text).toMatch(/^# mine\n/);
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect(await readdir(join(folder, 'bots'))).toEqual(['link.yaml']);
});

test('new bots get a file of their own, and never the one of another', async () => {
  const folder = await makeFolder();
  const writer = await open(folder, folder);
  const manifest = (name: string) => ({
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: { namespace: 'blue', name },
    spec: { tokenSecretRef: { name: 'x' }, handlers: HANDLERS },
  });
  expect((await writer.create(ANA, manifest('one'), signal)).metadata.name).toBe('one');
  expect(await readdir(folder)).toEqual(['blue.one.yaml']);
  await expect(writer.create(ANA, manifest('one'), signal)).rejects.toThrow('already');
  await writeFile(join(folder, 'blue.two.yaml'), '# mine\n');
  await expect(writer.create(ANA, manifest('two'), signal)).rejects.toThrow('already');
  expect(await readFile(join(folder, 'blue.two.yaml'), 'utf8')).toBe('# mine\n');
  await expect(writer.create(ANA, manifest('../../x'), signal)).rejects.toThrow('metadata.name');
  expect(await readdir(folder)).toEqual(['blue.one.yaml', 'blue.two.yaml']);
});

test('a file with faults is not written to', async () => {
  const folder = await makeFolder();
  const file = join(folder, 'bots.yaml');
  await writeFile(file, botYaml({ name: 'one' }));
  const writer = await open(folder, file);
  const manifest = { metadata: { name: 'x' }, spec: { tokenSecretRef: { name: 'x' } } };
  const whole = { apiVersion: 'tenantbot.dev/v1alpha1', kind: 'TenantBot', ...manifest };
  await expect(writer.create(ANA, whole, signal)).rejects.toThrow('spec.handlers');
  const legal = { ...whole, spec: { ...whole.spec, handlers: HANDLERS } };
  await expect(writer.create(ANA, legal, signal)).rejects.toThrow('names a folder');
  const none = { namespace: 'default', name: 'none' };
  await expect(writer.patch(ANA, none, {}, signal)).rejects.toThrow('there is no bot');
});
