import { AdjustableClock } from '../../../src/lib/adjustable-clock.ts';
import { sleep } from '../../../src/lib/clock.ts';
import {
  UpdateDispatcher,
  type UpdateOutcome,
} from '../../../src/runtime/dispatch/update-dispatcher.ts';
import { messageIn, pollUpdate } from './updates.ts';

/** One update of a simulation, and how its handler behaves. */
export interface Step {
  /** Since the step before. */
  readonly gapMs: number;
  /** 0 stands for no chat at all. */
  readonly chat: number;
  readonly durationMs: number;
  /** How many tries fail. */
  readonly failures: number;
  readonly retryable: boolean;
  /** Whether a failing try throws before it returns a promise. */
  readonly throwsAtOnce: boolean;
}

/** What was seen of one update. */
export interface Trace {
  readonly step: Step;
  readonly submittedMs: number;
  /** `order` counts the begun tries of all updates. */
  readonly tries: { readonly order: number; readonly beginMs: number; endMs: number }[];
  readonly outcomes: UpdateOutcome[];
}

/** The pauses after a failed try, with a random source that always says 1. */
export const PAUSES_MS = [1_000, 4_000];

class StepError extends Error {
  readonly retryable: boolean;

  constructor(retryable: boolean) {
    super('failed on purpose');
    this.retryable = retryable;
  }
}

/** A dispatcher whose handlers do as their steps say, on a clock of its own. */
export function simulate(steps: readonly Step[], maxConcurrent: number) {
  const clock = new AdjustableClock();
  const traces: Trace[] = [];
  let begun = 0;

  const handle = (id: number, attempt: number, signal: AbortSignal): Promise<'handled'> => {
    const trace = traces[id];
    if (!trace) throw new Error(`no update ${id}`);
    const current = { order: begun++, beginMs: clock.monotonicMs(), endMs: clock.monotonicMs() };
    trace.tries.push(current);
    const { durationMs, failures, retryable, throwsAtOnce } = trace.step;
    const fails = attempt <= failures;
    if (fails && throwsAtOnce) throw new StepError(retryable);
    current.endMs = Number.POSITIVE_INFINITY;
    return sleep(clock, durationMs, signal).then(() => {
      current.endMs = clock.monotonicMs();
      if (fails) throw new StepError(retryable);
      return 'handled';
    });
  };

  const dispatcher = new UpdateDispatcher({
    clock,
    random: () => 1,
    maxConcurrent,
    handle: (update, attempt, { signal }) => handle(update.update_id, attempt, signal),
    retryable: (error) => error instanceof StepError && error.retryable,
    heldBackMs: () => undefined,
    onDone: (update, outcome) => traces[update.update_id]?.outcomes.push(outcome),
  });

  let atMs = 0;
  for (const [id, step] of steps.entries()) {
    atMs += step.gapMs;
    clock.setTimer(atMs, () => {
      traces.push({ step, submittedMs: clock.monotonicMs(), tries: [], outcomes: [] });
      dispatcher.submit(step.chat === 0 ? pollUpdate(id) : messageIn(step.chat, id));
    });
  }
  return { clock, dispatcher, traces };
}
