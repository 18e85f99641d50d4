import { type Params, withParams } from '../query-string.ts';

/** What is seen, whole and as a table for other programs. */
export function CsvLink({
  of,
  params,
}: {
  readonly of: 'bots' | 'history' | 'usage' | 'audit';
  readonly params: Params;
}) {
  return (
    <a class="csv" href={withParams(`/v1/export/${of}.csv`, params)} download>
      CSV
    </a>
  );
}
