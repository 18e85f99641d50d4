import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const page = join(root, 'dist/page');
const MOST_BYTES = 200_000;

beforeAll(() => {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build-page.mjs')]);
  expect(status).toBe(0);
});

/** Every file of the page. */
function files(): readonly string[] {
  return readdirSync(page, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('the whole page has no more than 200 KB, before it is compressed', () => {
  const contents = files().map((file) => readFileSync(file));
  expect(contents.length).toBeGreaterThan(2);
  const bytes = contents.reduce((sum, { length }) => sum + length, 0);
  expect(bytes).toBeLessThan(MOST_BYTES);
  expect(gzipSync(Buffer.concat(contents)).length).toBeLessThan(MOST_BYTES / 2);
});

test('schemas are for the server: none is in the page', () => {
  const holdsZod = (file: string): boolean => readFileSync(file, 'utf8').includes('zod');
  expect(files().filter(holdsZod)).toEqual([]);
});

test('index.html names files that are there, and holds neither scripts nor styles', () => {
  const html = readFileSync(join(page, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path);
  expect(named).toHaveLength(2);
  for (const path of named) expect(files()).toContain(join(page, path ?? ''));
  expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
});
