import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensureSystemPackages } from '../cluster/system-packages.ts';
import { CHROMIUMS, findChromium } from './chromium.ts';

/**
 * Builds the page and sees to it that there is a Chromium: that of the system, or Debian's, which
 * is installed where it is missing. Fails in words where that can't be.
 */
export async function setup({ provide }: TestProject): Promise<void> {
  const script = join(import.meta.dirname, '../../scripts/build-page.mjs');
  const { status } = spawnSync(process.execPath, [script], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('the page could not be built: see above');
  provide('chromium', await chromium());
}

async function chromium(): Promise<string> {
  const found = findChromium();
  if (found !== undefined) return found;
  const log = (text: string): void => console.error(`browser tests: ${text}`);
  await ensureSystemPackages(['chromium'], { log, signal: AbortSignal.timeout(280_000) });
  const installed = findChromium();
  if (installed !== undefined) return installed;
  throw new Error(
    `the browser tests need a Chromium, and there is none of ${CHROMIUMS.join(', ')}: install one`,
  );
}
