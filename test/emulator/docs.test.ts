import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { methodTable } from '../../src/emulator/methods/table.ts';
import { testEmulator } from './support.ts';

const run = promisify(execFile);

async function page(): Promise<string> {
  return readFile(new URL('../../docs/emulator.md', import.meta.url), 'utf8');
}

describe('docs/emulator.md', () => {
  it('has commands that work as written and answers as they come', async () => {
    const { emulator } = await testEmulator();
    const text = (await page())
      .replaceAll('http://127.0.0.1:8081', emulator.apiRoot)
      .replaceAll('http://127.0.0.1:8082', emulator.controlUrl);
    let output = '';
    let commands = 0;
    for (const [, kind, block = ''] of text.matchAll(/^```(sh|json)\n(.*?)^```$/gms)) {
      if (kind === 'json') {
        expect(output).toContain(block.trim());
        continue;
      }
      const fails = kind === 'sh' && block.includes('"retryAfterSeconds"');
      output = (await run('bash', ['-euc', block])).stdout;
      commands += block.match(/^curl/gm)?.length ?? 0;
      expect(output.includes('"ok":false,"error_code"')).toBe(fails);
      expect(output).not.toContain('urn:tenantbot');
    }
    expect(commands).toBe(13);
    expect(output).toContain('"met":true');
  });

  it('names every method that there is', async () => {
    const named = (await page()).split('## What it does not do')[1]?.toLowerCase() ?? '';
    const legacy = new Set(['getchatmemberscount', 'kickchatmember']);
    const shared = (name: string): string =>
      name.replace(/^getmy(?=name|description|short)/, 'setmy');
    const missing = [...methodTable().keys()].filter(
      (name) => !legacy.has(name) && !named.includes(shared(name)),
    );
    expect(missing).toEqual([]);
  });
});
