import { RESOURCES } from '../api/crd/definitions.ts';
import { inputError } from '../lib/errors.ts';

/** What every object has and the API server can select by. */
const METADATA_FIELDS = ['metadata.name', 'metadata.namespace'];

/**
 * A test of whether an object has the fields that `selector` asks for, as `kubectl
 * --field-selector` reads it: `status.health.state=Unhealthy`, several joined by commas, `!=` for
 * all others. Knows the fields that the API server knows, so that what works here works there.
 *
 * @throws an input error that names what is wrong
 */
export function fieldSelector(
  selector: string,
  plural: 'tenantbots' | 'botfleets',
): (object: unknown) => boolean {
  const selectable = RESOURCES.find((resource) => resource.plural === plural)?.selectableFields;
  const known = [...METADATA_FIELDS, ...(selectable ?? []).map((path) => path.slice(1))];
  const terms = selector.split(',').map((term) => parseTerm(term, known));
  return (object) =>
    terms.every(({ path, value, negated }) => (fieldOf(object, path) === value) !== negated);
}

interface Term {
  readonly path: string;
  readonly value: string;
  readonly negated: boolean;
}

function parseTerm(term: string, known: readonly string[]): Term {
  const [, path = '', operator, value = ''] = /^([^=!]+)(==?|!=)(.*)$/.exec(term.trim()) ?? [];
  if (operator === undefined) {
    throw inputError(
      'FIELD_SELECTOR_INVALID',
      `--field-selector must be field=value or field!=value, joined by commas; "${term}" is not`,
    );
  }
  if (known.includes(path)) return { path, value, negated: operator === '!=' };
  throw inputError(
    'FIELD_UNKNOWN',
    `--field-selector does not know "${path}"; known are ${known.join(', ')}`,
  );
}

/** As text; empty where there is nothing. */
function fieldOf(object: unknown, path: string): string {
  let value = object;
  for (const name of path.split('.'))
    value = (value as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
