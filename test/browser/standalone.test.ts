import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { botWithSecret } from '../standalone/support.ts';
import { tenantbot } from '../support/tenantbot.ts';
import { waitFor } from '../support/wait.ts';
import { inventPast } from './past.ts';
import { keepScreenshot } from './screenshots.ts';
import { openStandalone, type StandaloneWorld } from './standalone-world.ts';
import { expectAccessible, useBrowser } from './visit.ts';

const visit = useBrowser();
const SAMPLES = join(import.meta.dirname, '../../config/samples');
const FLEET = {
  apiVersion: 'tenantbot.dev/v1alpha1',
  kind: 'BotFleet',
  metadata: { name: 'default' },
  spec: { rateLimits: { requestsPerSecond: 50 } },
};

let world: StandaloneWorld;
beforeAll(async () => {
  world = await openStandalone(async (manifests) => {
    for (const name of ['greeter.yaml', 'broken-token.yaml'])
      await copyFile(join(SAMPLES, name), join(manifests, name));
    await writeFile(join(manifests, 'fleet.json'), JSON.stringify(FLEET));
    for (let id = 11; id < 23; id++)
      await writeFile(join(manifests, `bot-${id}.yaml`), botWithSecret({ name: `bot-${id}`, id }));
  });
  await tenantbot(world.folder, 'send', 'greeter', '/start');
  await tenantbot(world.folder, 'send', 'greeter', '/help');
  await waitFor('the bots to be in the history', bots, { timeoutMs: 60_000, intervalMs: 500 });
  await inventPast(world.history);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Whether the history knows them. */
async function bots(): Promise<boolean> {
  const rows = await world.history.rows(
    "select from bots where name in ('greeter', 'bot-11', 'bot-12')",
  );
  return rows.length === 3;
}

/** The page, signed in by a code as `tenantbot open` does. */
async function signedIn(path = '/', options = {}): Promise<Page> {
  const page = await visit(options);
  const url = await world.opening();
  await page.goto(url);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  if (path !== '/') await page.goto(new URL(path, url).href);
  return page;
}

/** Once everything that a view asks for has come. */
async function isThere(page: Page, heading: string): Promise<void> {
  await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await waitFor('nothing to be awaited any more', async () => {
    const awaited = await page.locator('.loading').count();
    return awaited === 0 && (await page.getByText('Loading …').count()) === 0;
  });
  expect(await page.getByRole('alert').allTextContents()).toEqual([]);
}

describe('each view loads, is accessible and is as its picture shows', () => {
  const GREETER = '/bots/default/greeter';
  const VIEWS = [
    ['overview', '/', 'Overview'],
    ['bots', '/bots', 'Bots'],
    ['bot', GREETER, 'default/greeter'],
    ['bot-changes', `${GREETER}/changes`, 'default/greeter'],
    ['bot-usage', `${GREETER}/usage`, 'default/greeter'],
    ['bot-log', `${GREETER}/logs`, 'default/greeter'],
    ['shards', '/shards', 'Shards'],
    ['rates', '/rates', 'Rates'],
    ['incidents', '/incidents', 'Incidents'],
    ['usage', '/usage', 'Usage'],
    ['audit', '/audit', 'Audit'],
  ] as const;
  test.each(VIEWS)('%s', async (name, path, heading) => {
    const page = await signedIn(path);
    await isThere(page, heading);
    await keepScreenshot(page, name);
    await expectAccessible(page);
    await page.getByLabel('Colours', { exact: true }).selectOption('dark');
    await expectAccessible(page);
    // One such picture is enough for the docs.
    await keepScreenshot(page, `${name}-dark`, { isForDocs: name === 'bot' });
  });
});

test('an action asks first, changes the bot where it stands, and is seen at once', async () => {
  const page = await signedIn('/bots/default/bot-11');
  const manifest = join(world.folder, 'bots', 'bot-11.yaml');
  await page.getByRole('button', { name: 'Suspend' }).click();
  const dialog = page.getByRole('dialog', { name: 'Suspend?' });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect(await readFile(manifest, 'utf8')).not.toContain('suspended: true');

  await page.getByRole('button', { name: 'Suspend' }).click();
  await expectAccessible(page);
  await keepScreenshot(page, 'confirm');
  await dialog.getByRole('button', { name: 'Suspend' }).click();
  await page.getByText('The bot is to stop.').waitFor();
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  expect(await readFile(manifest, 'utf8')).toContain('suspended: true');
  await page.locator('h1 ~ .state', { hasText: 'Suspended' }).waitFor();

  await page.getByRole('button', { name: 'Resume' }).click();
  await page.locator('dialog button:focus', { hasText: 'Cancel' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('h1 ~ .state', { hasText: 'Running' }).waitFor();
  await page.goto(new URL('/audit', page.url()).href);
  await page.getByRole('cell', { name: 'suspend' }).first().waitFor();
});

test('limits are changed by a form, and what the schema refuses is said in it', async () => {
  const page = await signedIn('/bots/default/bot-13');
  await page.getByRole('button', { name: 'Change limits' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Calls a second').fill('5');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Change limits' }).click();
  await dialog
    .getByRole('alert')
    .getByText(/burst must not be above/)
    .waitFor();
  await dialog.getByLabel('Of them at the same moment').fill('5');
  await dialog.getByRole('button', { name: 'Change limits' }).click();
  await page.getByText('The limits are changed.').waitFor();
  const manifest = await readFile(join(world.folder, 'bots', 'bot-13.yaml'), 'utf8');
  expect(manifest).toMatch(/requestsPerSecond"?: ?5\b/);
});

test('a bot is made by a form, and says what it lacks', async () => {
  const page = await signedIn('/bots');
  await page.getByRole('button', { name: 'New bot' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: /^Name / }).fill('made-here');
  await dialog.getByLabel('Secret with the token').fill('made-here');
  await keepScreenshot(page, 'new-bot');
  await dialog.getByRole('button', { name: 'New bot' }).click();
  await page.getByRole('heading', { name: 'default/made-here' }).waitFor();
  await page
    .getByText(/there is no Secret|Secret .* not/i)
    .first()
    .waitFor();
});

test('what is seen is to be had as a table', async () => {
  const page = await signedIn('/bots?search=bot-1');
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'CSV' }).click();
  const table = await readFile(await (await coming).path(), 'utf8');
  const names = ['bot-11', 'bot-12', 'bot-13', 'bot-14', 'bot-15'];
  for (const name of names) expect(table).toContain(`,${name},`);
  expect(table).not.toContain('greeter');
});

test('a list follows its bots by itself', async () => {
  const page = await signedIn('/bots?search=bot-12');
  const row = page.getByRole('row').filter({ hasText: 'bot-12' });
  await row.getByText('Running').waitFor();
  const spec = '  suspended: true\n';
  const manifest = botWithSecret({ name: 'bot-12', id: 12, spec });
  await writeFile(join(world.folder, 'bots', 'bot-12.yaml'), manifest);
  await row.getByText('Suspended').first().waitFor();
});

test('a chat says what a bot answers, beside what it writes into its log', async () => {
  const page = await signedIn('/bots/default/greeter/chat');
  await page.getByRole('button', { name: 'Send' }).and(page.locator(':enabled')).waitFor();
  await page.getByLabel('Message').fill('/start');
  await page.keyboard.press('Enter');
  await page.getByRole('log', { name: 'Conversation' }).getByText('Hello').waitFor();
  await page.getByRole('log', { name: 'Log lines' }).getByText('running').first().waitFor();
  await expectAccessible(page);
  await keepScreenshot(page, 'bot-chat');
});

test('tokens of all bots are checked at one word, and the page tells how far that is', async () => {
  const page = await signedIn('/bots');
  await page.getByRole('button', { name: 'Check all tokens' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Check all tokens' }).click();
  await page.getByText(/^Tokens: .*\d+ Valid/).waitFor();
});

test('without a session it asks for a token, and takes the one of the data folder', async () => {
  const page = await visit();
  await page.goto(new URL('/rates', await world.opening()).href);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expectAccessible(page);
  await keepScreenshot(page, 'sign-in');
  const file = join(world.folder, '.tenantbot', 'standalone.json');
  const { token } = JSON.parse(await readFile(file, 'utf8')) as { token: string };
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await isThere(page, 'Rates');
  expect(await page.evaluate('document.cookie')).toBe('');
});

test('on a small screen nothing is cut off sideways', async () => {
  const page = await signedIn('/', { viewport: { width: 390, height: 800 } });
  for (const path of ['/', '/bots/default/greeter', '/rates', '/usage']) {
    await page.goto(new URL(path, page.url()).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const [width, seen] = await page
      .locator('main')
      .evaluate((main) => [main.scrollWidth, main.clientWidth]);
    expect({ path, width }).toEqual({ path, width: seen });
  }
});
