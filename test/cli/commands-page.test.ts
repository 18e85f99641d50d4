import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { HEADER } from '../../src/api/crd/files.ts';
import { commandsPage } from '../../src/cli/program/page.ts';

test('the page of commands is as the commands are (npm run generate)', async () => {
  const { path, text } = commandsPage(HEADER);
  expect(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')).toBe(text);
});
