import { describe, expect, it } from 'vitest';
import { formatPath } from '../../src/api/explain.ts';
import { parseManifest } from '../../src/api/manifest.ts';
import { BOT_FLEET_ROWS } from './manifests/bot-fleets.ts';
import { CALL_ROWS } from './manifests/calls.ts';
import { GATE_ROWS } from './manifests/gates.ts';
import { HANDLER_ROWS } from './manifests/handlers.ts';
import { REPLY_ROWS } from './manifests/replies.ts';
import type { Row } from './manifests/row.ts';
import { TENANT_BOT_ROWS } from './manifests/tenant-bots.ts';

const rows = [
  ...TENANT_BOT_ROWS,
  ...HANDLER_ROWS,
  ...REPLY_ROWS,
  ...GATE_ROWS,
  ...CALL_ROWS,
  ...BOT_FLEET_ROWS,
];
const isBad = (row: Row): row is Required<Row> => row.wrong !== undefined;

describe('the table of manifests', () => {
  it('names each row but once', () => {
    const names = rows.map((row) => row.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it.each(rows.filter((row) => !isBad(row)))('accepts $name', ({ manifest }) => {
    expect(parseManifest(manifest)).toMatchObject({ ok: true });
  });

  it.each(rows.filter(isBad))('refuses $name', ({ manifest, wrong }) => {
    const parsed = parseManifest(manifest);
    const problems = parsed.ok ? [] : parsed.problems;
    const said = problems.map(({ path, message }) => ({ path: formatPath(path), message }));
    expect(said).toContainEqual({
      path: wrong.path,
      message: expect.stringContaining(wrong.says),
    });
  });
});
