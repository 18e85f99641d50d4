import { InputFile } from 'grammy';
import type { ApiResponse } from 'grammy/types';
import { parseEnvelope } from '../telegram/answer.ts';
import type { Call } from './step.ts';

/** Telegram's answer to a call, in the form that grammY takes. */
export type ApiAnswer = ApiResponse<unknown>;

/**
 * The call itself. What JSON can say goes straight to the transport: grammY's own client adds two
 * timers and two controllers to a call, 7 % of what an update costs. Uploads are left to it, as
 * `upload` has them. Rejects where no answer of the Bot API's form came, with what `classifyThrown`
 * understands.
 */
export async function send(
  { context, method, payload, signal }: Call,
  upload: () => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  if (holds(isFile, payload)) return upload();
  const json = JSON.stringify(payload, holds(isNull, payload) ? withoutNull : undefined);
  const answer = await context.send(method, json, signal);
  return parseEnvelope(answer) as ApiAnswer;
}

/** Whether `value` is, or holds however deep, something that `is`. */
function holds(is: (value: unknown) => boolean, value: unknown): boolean {
  if (is(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((inner) => holds(is, inner));
}

function isFile(value: unknown): boolean {
  return value instanceof InputFile;
}

function isNull(value: unknown): boolean {
  return value === null;
}

/** As grammY does: Telegram takes a parameter that is null for a wrong one. */
function withoutNull(_name: string, value: unknown): unknown {
  return value ?? undefined;
}
