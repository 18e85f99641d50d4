import type { PipelineStep } from './step.ts';

/** Lets a call end with the update that it belongs to, unless it has a signal of its own. */
export const endWithUpdate: PipelineStep = (context) => (prev, method, payload, signal) =>
  prev(method, payload, signal ?? (context.signal as unknown as typeof signal));
