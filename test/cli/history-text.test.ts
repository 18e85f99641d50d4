import { expect, test } from 'vitest';
import { sparkline } from '../../src/cli/sparkline.ts';
import { formatCsv } from '../../src/lib/csv.ts';

test.each([
  ['plain', 'plain'],
  ['a, b', '"a, b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=1+1', "'=1+1"],
  ['+49', "'+49"],
  ['-x', "'-x"],
  ['@cmd', "'@cmd"],
  ['\t=1', "'\t=1"],
  ['=cmd|"/c calc"!A1', '"\'=cmd|""/c calc""!A1"'],
  [-5, '-5'],
  [1.5, '1.5'],
  [null, ''],
])('%j is %j in CSV', (cell, text) => {
  expect(formatCsv([[cell, 'next']])).toBe(`${text},next`);
});

test('rows of CSV end as its RFC says', () => {
  expect(
    formatCsv([
      ['A', 'B'],
      [1, null],
    ]),
  ).toBe('A,B\r\n1,');
});

test.each([
  [[], ''],
  [[0, 0], '▁▁'],
  [[0, 1, 4, 8], '▁▁▄█'],
  [[null, 3, null], ' █ '],
])('%j is drawn as %j', (values, drawn) => {
  expect(sparkline(values)).toBe(drawn);
});

test('many values are drawn together, the highest of neighbours', () => {
  const values = Array.from({ length: 480 }, (_, index) => (index === 100 ? 5 : 0));
  const drawn = sparkline(values);
  expect(drawn).toHaveLength(60);
  expect(drawn.indexOf('█')).toBe(12);
});
