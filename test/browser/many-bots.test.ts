import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { BotObject } from '../../src/admin/backend.ts';
import type { TenantBotStatus } from '../../src/api/tenant-bot-status.ts';
import { openAdmin } from '../admin/support/admin-world.ts';
import {
  accessOf,
  botObject,
  MemoryCatalog,
  memoryBackend,
} from '../admin/support/memory-backend.ts';
import { waitFor } from '../support/wait.ts';
import { expectAccessible, useBrowser } from './visit.ts';

const visit = useBrowser();
const PAGE = join(import.meta.dirname, '../../dist/page');

async function open(bots: MemoryCatalog<BotObject>, path: string): Promise<Page> {
  const access = accessOf();
  const { url } = await openAdmin({ page: PAGE }, { backend: memoryBackend(bots), access });
  const page = await visit();
  await page.goto(url + path);
  await page.getByLabel('Token').fill('token-of-operator');
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

function running(id: number): TenantBotStatus {
  return {
    phase: 'Running',
    health: {
      state: id % 100 === 0 ? 'Unhealthy' : 'Healthy',
      errorRate: id % 100 === 0 ? 80 : 0,
      avgResponseMs: id,
      consecutiveFailures: 0,
      rateLimited: 0,
    },
    bot: { id, username: `bot_${id}_bot`, name: 'A bot' },
  };
}

function manyBots(): MemoryCatalog<BotObject> {
  const numbers = Array.from({ length: 10_000 }, (_, index) => index);
  const name = (id: number) => `team/bot-${String(id).padStart(5, '0')}`;
  return new MemoryCatalog(numbers.map((id) => botObject(name(id), running(id))));
}

const rows = (page: Page) => page.getByRole('table', { name: 'Bots' }).getByRole('row');

test('a list of ten thousand bots draws what is in sight, and goes on to the last one', async () => {
  const page = await open(manyBots(), '/bots');
  await page.getByText('10,000 bots').waitFor();
  await page.getByRole('link', { name: 'team/bot-00000' }).waitFor();
  const table = page.getByRole('table', { name: 'Bots' });
  expect(await table.getAttribute('aria-rowcount')).toBe('10001');
  expect(await rows(page).count()).toBeLessThan(150);
  await expectAccessible(page);

  const last = page.getByRole('link', { name: 'team/bot-09999' });
  await waitFor(
    'the last bot',
    async () => {
      await page.getByRole('region', { name: 'Bots' }).evaluate((list) => {
        list.scrollTop = list.scrollHeight;
      });
      return last.isVisible();
    },
    { timeoutMs: 60_000, intervalMs: 50 },
  );
  expect(await rows(page).count()).toBeLessThan(150);
});

test('search, filters and order are the server’s, and stand in the address', async () => {
  const page = await open(manyBots(), '/bots');
  await page.getByLabel('Search bots').fill('bot-0012');
  await page.getByText('10 bots', { exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('search')).toBe('bot-0012');
  await page.getByLabel('Health').selectOption('Unhealthy');
  await page.getByText('No bot matches').waitFor();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await page.getByText('10,000 bots').waitFor();

  await page.getByLabel('Health').selectOption('Unhealthy');
  await page.getByText('100 bots', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Latency' }).click();
  await page.getByRole('button', { name: 'Latency' }).click();
  await page
    .getByRole('columnheader', { name: 'Latency' })
    .and(page.locator('[aria-sort=descending]'))
    .waitFor();
  await waitFor('the slowest first', async () =>
    (await rows(page).nth(1).textContent())?.startsWith('team/bot-09900'),
  );
  await page.reload();
  await page.getByText('100 bots', { exact: true }).waitFor();
  expect(await page.getByLabel('Health').inputValue()).toBe('Unhealthy');
});

test('by the keyboard alone one finds a bot, opens it and comes back', async () => {
  const page = await open(manyBots(), '/bots');
  await page.getByRole('link', { name: 'team/bot-00000' }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('bot-0012');
  await page.getByText('10 bots', { exact: true }).waitFor();
  await page.getByRole('region', { name: 'Bots' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.locator('a:focus', { hasText: 'bot-00120' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.locator('a:focus', { hasText: 'bot-00121' }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'team/bot-00121' }).and(page.locator(':focus')).waitFor();
  await page.goBack();
  await page.getByText('10 bots', { exact: true }).waitFor();
});

test('names are text, whatever they hold and however they are written', async () => {
  const evil = '<img src=x onerror="document.title=1">';
  const status = { ...running(1), bot: { id: 1, username: '\u202eevil', name: evil } };
  const bots = new MemoryCatalog([
    botObject('team/\u202eolleh', status),
    botObject(`team/${evil}`),
    botObject('team/plain', status),
  ]);
  const page = await open(bots, '/bots');
  await page.getByText(evil).waitFor();
  await page.getByText('\u202eolleh').waitFor();
  await page.getByRole('link', { name: 'team/plain' }).click();
  await page.getByText(`${evil} · @`).waitFor();
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.title()).toBe('team/plain · tenantbot');
});

test('without bots it says so, why, and what to do', async () => {
  const page = await open(new MemoryCatalog(), '/');
  await page.getByText('There are no bots yet').waitFor();
  await page.getByRole('link', { name: 'Bots' }).click();
  await page.getByText('There are no bots yet').waitFor();
  await expectAccessible(page);
});

test('a bot that is not there, and a token that is nobody’s, are said in words', async () => {
  const { url } = await openAdmin({ page: PAGE }, { access: accessOf() });
  const page = await visit();
  await page.goto(`${url}/bots/team/one`);
  await page.getByLabel('Token').fill('nobody');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await page.getByText('TOKEN_REFUSED').waitFor();
  await page.getByLabel('Token').fill('token-of-operator');
  await page.keyboard.press('Enter');
  await page.getByText('There is no bot team/one').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
