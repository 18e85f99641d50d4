/**
 * Bundles the page of `src/admin/page` into `dist/page`: `index.html` and, in `assets`, files whose
 * names change with their content. Runs before whatever serves or tests the page, and takes a
 * fraction of a second; what stands there already and is still right is left alone, since another
 * program may be serving it.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src/admin/page');
const target = join(root, 'dist/page');
const assets = join(target, 'assets');

const { outputFiles } = await build({
  entryPoints: [join(source, 'main.tsx')],
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2023',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  outdir: assets,
  entryNames: 'page-[hash]',
  logLevel: 'warning',
});

await mkdir(assets, { recursive: true });
for (const { path, contents } of outputFiles) await put(path, contents);
const nameOf = (ending) => basename(outputFiles.find(({ path }) => path.endsWith(ending)).path);
const template = await readFile(join(source, 'index.html'), 'utf8');
const html = template.replace('page.js', nameOf('.js')).replace('page.css', nameOf('.css'));
await put(join(target, 'index.html'), html);
await put(join(target, 'icon.svg'), await readFile(join(source, 'icon.svg')));

const wanted = new Set(outputFiles.map(({ path }) => basename(path)));
for (const name of await readdir(assets)) {
  if (!wanted.has(name)) await rm(join(assets, name), { force: true });
}

/** In one step: whoever reads the file sees all of it. */
async function put(path, content) {
  const before = await readFile(path).catch(() => undefined);
  if (before?.equals(Buffer.from(content))) return;
  const half = `${path}.${process.pid}.half`;
  await writeFile(half, content);
  await rename(half, path);
}
