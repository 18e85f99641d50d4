import { failureOf } from './outcome.ts';
import type { PipelineStep } from './step.ts';

/** Counts messages sent and calls that failed for good. */
export const count: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const call = prev(method, payload, signal);
  const failure = await failureOf(call);
  if (failure) context.onFailed(failure);
  else if (method.startsWith('send') && method !== 'sendChatAction') context.onSent();
  return call;
};
