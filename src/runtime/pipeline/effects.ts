import { failureOf } from './outcome.ts';
import { isReading, type PipelineStep } from './step.ts';

/**
 * Notes whether a try changed something, or may have. An update whose handling did is never
 * handled a second time, so that nobody gets the same message twice.
 */
export const noteEffects: PipelineStep = (context) => async (prev, method, payload, signal) => {
  const call = prev(method, payload, signal);
  const failure = await failureOf(call);
  if (!isReading(method) && (failure?.mayHaveHappened ?? true)) {
    context.effects.mayHaveHappened = true;
  }
  return call;
};
