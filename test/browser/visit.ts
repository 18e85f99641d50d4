import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, onTestFinished } from 'vitest';

/** How long a view may take on a busy machine. */
const PATIENCE_MS = 30_000;

/** A page in a browser context of its own, as somebody sees it who comes for the first time. */
export type Visit = (options?: BrowserContextOptions) => Promise<Page>;

/**
 * Opens a Chromium for the tests of a file. What a page complains of in its console, and what it
 * throws, fails the test that opened it.
 */
export function useBrowser(): Visit {
  let browser: Browser;
  beforeAll(async () => {
    // Whoever is root, as in a container, gets no sandbox.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    browser = await chromium.launch({ executablePath: inject('chromium'), args });
  });
  afterAll(() => browser.close());
  return async (options = {}) => {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      timezoneId: 'UTC',
      ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A browser logs refused requests as errors; the page shows them.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
    });
    onTestFinished(async () => {
      await context.close();
      expect(complaints).toEqual([]);
    });
    return page;
  };
}

/** Fails where axe finds something that keeps somebody from using the page. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    where: nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).slice(0, 3),
  }));
  expect(found).toEqual([]);
}
