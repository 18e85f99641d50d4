import { InputFile } from 'grammy';
import { parseEnvelope } from '../telegram/answer.ts';
import { classifyThrown } from '../telegram/call-error.ts';
import type { PipelineStep } from './step.ts';

/**
 * The call itself. What JSON can say goes straight to the transport: grammY's own client adds two
 * timers and two controllers to a call, 7 % of what an update costs. Uploads are left to it.
 * Rejects with a `CallError` where no answer of the Bot API's form came.
 */
export const send: PipelineStep = (context) => async (prev, method, payload, signal) => {
  if (holdsFile(payload)) return prev(method, payload, signal);
  try {
    const answer = await context.send(
      method,
      JSON.stringify(payload, withoutNull),
      signal as AbortSignal | undefined,
    );
    return parseEnvelope(answer) as Awaited<ReturnType<typeof prev<typeof method>>>;
  } catch (error) {
    throw classifyThrown(error);
  }
};

function holdsFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof InputFile || Object.values(value).some(holdsFile);
}

/** As grammY does: Telegram takes a parameter that is null for a wrong one. */
function withoutNull(_name: string, value: unknown): unknown {
  return value ?? undefined;
}
