import type { PipelineStep } from './step.ts';

/** Counts messages sent and calls that failed for good. */
export const count: PipelineStep =
  ({ context, method }) =>
  (failure) => {
    if (failure) context.onFailed(failure);
    else if (method.startsWith('send') && method !== 'sendChatAction') context.onSent();
    return undefined;
  };
