import type { ExchangeAnswer } from '../transport/exchange.ts';
import { classifyForeignAnswer, type Refusal } from './call-error.ts';

/** An answer in the Bot API's own form. */
export type Envelope =
  | { readonly ok: true; readonly result: unknown }
  | ({ readonly ok: false } & Refusal);

/** The answer's envelope. Throws a `CallError` where the answer has none. */
export function parseEnvelope(answer: ExchangeAnswer): Envelope {
  const value = parseJson(answer.body);
  if (typeof value === 'object' && value !== null && 'ok' in value) {
    if (value.ok === true && 'result' in value) return { ok: true, result: value.result };
    if (value.ok === false) return { ...value, ok: false };
  }
  throw classifyForeignAnswer(answer.status);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
