import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const root = join(import.meta.dirname, '../..');
/** Test output, which nobody commits. */
const OUTPUT = join(root, '.vitest/screenshots');
/** Those of the docs: written where `UPDATE_SCREENSHOTS=1` asks for it. */
const DOCS = join(root, 'docs/screenshots');

/** Keeps what a view looks like as `<name>.png`. */
export async function keepScreenshot(
  page: Page,
  name: string,
  { isForDocs = true } = {},
): Promise<void> {
  const isAsked = process.env['UPDATE_SCREENSHOTS'] === '1' && isForDocs;
  const folders = isAsked ? [OUTPUT, DOCS] : [OUTPUT];
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' });
  }
}
