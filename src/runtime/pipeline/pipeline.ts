import type { Transformer } from 'grammy';
import { endWithUpdate } from './abort.ts';
import { breaker } from './breaker.ts';
import { count } from './count.ts';
import { noteEffects } from './effects.ts';
import { health } from './health.ts';
import { rate } from './rate.ts';
import { retry } from './retry.ts';
import { send } from './send.ts';
import type { CallContext, PipelineStep } from './step.ts';
import { upstream } from './upstream.ts';

/** What every Bot API call of a bot passes, the first step outermost. */
const STEPS: readonly PipelineStep[] = [
  endWithUpdate,
  count,
  breaker,
  retry,
  rate,
  upstream,
  health,
  noteEffects,
  send,
];

/** The pipeline for the calls of one update, in the order in which grammY wants to be given it. */
export function createPipeline(context: CallContext): Transformer[] {
  // grammY runs the transformer that was added last first.
  return STEPS.toReversed().map((step) => step(context));
}
