import { formatAge } from '../../api/column-value.ts';
import type { Incident } from '../../history/queries/incidents.ts';
import { fromTimestamp } from '../../lib/clock.ts';
import { inputError } from '../../lib/errors.ts';
import { type HistoryAccess, type HistoryView, outputOf, printFound } from '../history-output.ts';
import type { Io } from './io.ts';

/** What `tenantbot incidents` was asked for. */
export interface IncidentsOptions extends HistoryView {
  /** All namespaces where undefined. */
  readonly namespace: string | undefined;
  /** All bots where undefined. */
  readonly name: string | undefined;
  readonly hours: number;
  readonly nowMs: number;
}

const MOST = 1_000;

/** `tenantbot incidents`: when bots were not well, and why. */
export async function runIncidents(
  access: HistoryAccess,
  { namespace, name, hours, nowMs, ...view }: IncidentsOptions,
  io: Io,
): Promise<void> {
  outputOf(view);
  if (name !== undefined && namespace === undefined) {
    throw inputError('NAME_EVERYWHERE', 'give the name of a bot or -A, not both');
  }
  const value = await access.history('incidents', { namespace, name, hours, limit: MOST });
  const showNamespace = namespace === undefined;
  const place = showNamespace ? ['NAMESPACE'] : [];
  const header = [...place, 'NAME', 'KIND', 'WORST', 'BEGIN', 'END', 'LASTED', 'ERRORS', 'CAUSE'];
  const rows = value.items.map((incident) => [
    ...(showNamespace ? [incident.namespace] : []),
    incident.name,
    incident.kind,
    incident.worst,
    incident.begin,
    incident.end,
    lasted(incident, nowMs),
    incident.errors,
    incident.cause,
  ]);
  const where =
    namespace === undefined
      ? 'any namespace'
      : `${namespace}${name === undefined ? '' : `/${name}`}`;
  const nothing = `No incident in the last ${hours} h in ${where}.`;
  printFound({ value: value.items, header, rows, nothing }, view, io);
  if (value.next !== undefined) io.err(`These are the latest ${MOST}; there were more.`);
}

function lasted({ begin, end }: Incident, nowMs: number): string {
  const endMs = end === null ? nowMs : fromTimestamp(end);
  return formatAge(endMs - fromTimestamp(begin));
}
