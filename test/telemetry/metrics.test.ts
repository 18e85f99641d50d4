import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HEADER } from '../../src/api/crd/files.ts';
import { metricsPage } from '../../src/cli/metrics/page.ts';
import { servedMetrics } from '../../src/cli/metrics/served.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Prefixes of the field, each with the program that it comes from; and our own. */
const PREFIX =
  /^(tenantbot|workqueue|controller_runtime|leader_election|rest_client|reflector|process|nodejs)_/;
/** What others call theirs is not ours to judge. */
const NODES = /^(process|nodejs)_/;
const NO_BASE_UNIT = /_(ms|millis|milliseconds|minutes|hours|days|kb|mb|kilobytes|percent)(_|$)/;
/** Any number of these comes along. */
const UNBOUNDED = new Set([
  'uid',
  'chat',
  'user',
  'token',
  'update',
  'url',
  'message',
  'error',
  'command',
]);

const metrics = await servedMetrics();
const own = metrics.filter(({ name }) => !NODES.test(name));

test('the page is up to date', async () => {
  const { path, text } = await metricsPage(HEADER);
  expect(readFileSync(join(ROOT, path), 'utf8'), 'run `npm run generate`').toBe(text);
});

test('there are at least fifty, and those of Node besides', () => {
  expect(own.length).toBeGreaterThanOrEqual(50);
  expect(metrics.map(({ name }) => name)).toContain('process_resident_memory_bytes');
});

test.each(own)('$name is named as the field does', ({ name, type, labels, help }) => {
  expect(name).toMatch(PREFIX);
  expect(name.endsWith('_total')).toBe(type === 'counter');
  expect(name).not.toMatch(NO_BASE_UNIT);
  if (type === 'histogram') expect(name).toMatch(/_(seconds|bytes)$|_items_per_/);
  expect(help).toMatch(/^\S.*\S$/);
  expect(labels.filter((label) => UNBOUNDED.has(label))).toEqual([]);
  expect(labels.includes('bot')).toBe(name.startsWith('tenantbot_bot_'));
});

test('no metric in the sources is missing here', () => {
  const known = new Set(metrics.map(({ name }) => name));
  const named = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    if (!source.includes("'prom-client'")) return [];
    return [...source.matchAll(/['`]((?:[a-z]+_){2,}[a-z]+)['`]/g)].map(([, name = '']) => name);
  });
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((name) => PREFIX.test(name) && !known.has(name))).toEqual([]);
});
