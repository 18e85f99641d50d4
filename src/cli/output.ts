import { inputError } from '../lib/errors.ts';

/**
 * The form that `-o` asks for; undefined where it asks for none.
 *
 * @throws an input error that names those there are
 */
export function parseOutput<Format extends string>(
  output: string | undefined,
  formats: readonly Format[],
): Format | undefined {
  const known = formats.find((format) => format === output);
  if (output === undefined || known !== undefined) return known;
  throw inputError(
    'OUTPUT_UNKNOWN',
    `--output must be one of ${formats.join(', ')}, not "${output}"`,
  );
}
