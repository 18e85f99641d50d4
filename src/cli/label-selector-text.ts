import type { LabelSelector } from '../api/label-selector.ts';
import { inputError } from '../lib/errors.ts';

type Requirement = NonNullable<LabelSelector['matchExpressions']>[number];

const KEY = String.raw`[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?`;
const EQUALITY = new RegExp(`^(?<key>${KEY})\\s*(?<sign>==|=|!=)\\s*(?<value>[-A-Za-z0-9_.]*)$`);
const SET = new RegExp(`^(?<key>${KEY})\\s+(?<word>in|notin)\\s*\\((?<values>[^()]*)\\)$`);
const EXISTENCE = new RegExp(`^(?<not>!)?\\s*(?<key>${KEY})$`);

/**
 * `selector` as `kubectl --selector` reads it: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`,
 * `!a`, joined by commas that all must hold.
 *
 * @throws an input error that names the part that makes no sense
 */
export function parseLabelSelector(selector: string): LabelSelector {
  // Commas within brackets part values.
  const terms = selector.split(/,(?![^(]*\))/);
  return { matchExpressions: terms.map((term) => parseTerm(term.trim())) };
}

function parseTerm(term: string): Requirement {
  const requirement = comparison(term) ?? membership(term) ?? existence(term);
  if (requirement) return requirement;
  throw inputError(
    'SELECTOR_INVALID',
    `--selector must be such as key=value, key!=value, "key in (a,b)", key or !key, joined by commas; "${term}" is not`,
  );
}

function comparison(term: string): Requirement | undefined {
  const { key, sign, value = '' } = EQUALITY.exec(term)?.groups ?? {};
  if (key === undefined) return undefined;
  return { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] };
}

function membership(term: string): Requirement | undefined {
  const { key, word, values = '' } = SET.exec(term)?.groups ?? {};
  if (key === undefined) return undefined;
  const operator = word === 'in' ? 'In' : 'NotIn';
  return { key, operator, values: values.split(',').map((value) => value.trim()) };
}

function existence(term: string): Requirement | undefined {
  const { key, not } = EXISTENCE.exec(term)?.groups ?? {};
  return key === undefined
    ? undefined
    : { key, operator: not === undefined ? 'Exists' : 'DoesNotExist' };
}
