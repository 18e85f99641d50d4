import { stringify } from 'yaml';
import { inputError } from '../../lib/errors.ts';
import { type Finding, VERDICTS } from '../doctor/finding.ts';
import { parseOutput } from '../output.ts';
import { printable } from '../terminal-text.ts';
import type { Io } from './io.ts';

const OUTPUTS = ['json', 'yaml'] as const;
const WIDTH = Math.max(...VERDICTS.map((verdict) => verdict.length));

/** Prints what was found; throws where anything is wrong. */
export function printFindings(
  findings: readonly Finding[],
  output: string | undefined,
  io: Io,
): void {
  const format = parseOutput(output, OUTPUTS);
  if (format === 'json') io.out(JSON.stringify(findings, undefined, 4));
  else if (format === 'yaml') io.out(stringify(findings).trimEnd());
  else for (const finding of findings) printOne(finding, io);
  const count = findings.filter(({ verdict }) => verdict === 'wrong').length;
  if (count > 0) {
    throw inputError(
      'SOMETHING_WRONG',
      `${count} ${count === 1 ? 'thing is' : 'things are'} wrong`,
    );
  }
}

function printOne({ verdict, check, message, remedy }: Finding, io: Io): void {
  const word = io.paint?.(verdict) ?? verdict;
  const gap = ' '.repeat(WIDTH - verdict.length + 2);
  io.out(`${word}${gap}${check}: ${printable(message)}`);
  if (remedy !== undefined) io.out(`${' '.repeat(WIDTH + 2)}→ ${printable(remedy)}`);
}
