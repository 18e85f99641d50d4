import { describe, expect, it } from 'vitest';
import { formatPath } from '../../src/api/explain.ts';
import { parseManifest } from '../../src/api/manifest.ts';
import { ALL_ROWS } from './manifests/all-rows.ts';
import type { Row } from './manifests/row.ts';

const isBad = (row: Row): row is Required<Row> => row.wrong !== undefined;

describe('the table of manifests', () => {
  it('names each row but once', () => {
    const names = ALL_ROWS.map((row) => row.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it.each(ALL_ROWS.filter((row) => !isBad(row)))('accepts $name', ({ manifest }) => {
    expect(parseManifest(manifest)).toMatchObject({ ok: true });
  });

  it.each(ALL_ROWS.filter(isBad))('refuses $name', ({ manifest, wrong }) => {
    const parsed = parseManifest(manifest);
    const problems = parsed.ok ? [] : parsed.problems;
    const said = problems.map(({ path, message }) => ({ path: formatPath(path), message }));
    expect(said).toContainEqual({
      path: wrong.path,
      message: expect.stringContaining(wrong.says),
    });
  });
});
