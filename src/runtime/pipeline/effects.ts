import { isReading, type PipelineStep } from './step.ts';

/**
 * Notes whether a try changed something, or may have. An update whose handling did is never
 * handled a second time, so that nobody gets the same message twice.
 */
export const noteEffects: PipelineStep =
  ({ occasion, method }) =>
  (failure) => {
    if (!isReading(method) && (failure?.mayHaveHappened ?? true)) {
      occasion.effects.mayHaveHappened = true;
    }
    return undefined;
  };
