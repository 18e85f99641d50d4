import type { Transformer } from 'grammy';
import { type CallError, classifyRefusal, classifyThrown } from '../telegram/call-error.ts';
import { breaker } from './breaker.ts';
import { count } from './count.ts';
import { noteEffects } from './effects.ts';
import { health } from './health.ts';
import { rate } from './rate.ts';
import { CALL_DEADLINE_MS, retry } from './retry.ts';
import { type ApiAnswer, send } from './send.ts';
import type { Call, CallContext, Occasion, PipelineStep, StepEnd } from './step.ts';
import { upstream } from './upstream.ts';

/** What every Bot API call of a bot passes on its way to {@link send}, the first step outermost. */
const STEPS: readonly PipelineStep[] = [count, breaker, retry, rate, upstream, health, noteEffects];

/**
 * The pipeline for the calls of one occasion. They end as grammY has it: with Telegram's answer,
 * be it a refusal, else with a `CallError`.
 */
export function createPipeline(context: CallContext, occasion: Occasion): Transformer {
  return (prev, method, payload, signal) => {
    const call: Call = {
      context,
      occasion,
      method,
      payload,
      signal: (signal as AbortSignal | undefined) ?? occasion.signal,
      deadlineMs: context.clock.monotonicMs() + CALL_DEADLINE_MS,
    };
    return pass(call, () => prev(method, payload, signal)) as ReturnType<
      typeof prev<typeof method>
    >;
  };
}

/**
 * Takes a call through all steps, back through their ends, and forth again from the one that asks
 * for it. One function for all of them: every call would pay for each promise on the way.
 */
async function pass(call: Call, upload: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  const ends: StepEnd[] = [];
  for (;;) {
    let answer: ApiAnswer | undefined;
    let failure: CallError;
    try {
      for (const step of STEPS.slice(ends.length)) {
        const end = step(call);
        ends.push(end instanceof Promise ? await end : end);
      }
      answer = await send(call, upload);
      if (answer.ok) return endWell(ends, answer);
      failure = classifyRefusal(answer);
    } catch (error) {
      failure = classifyThrown(error);
    }
    const ending = await endBadly(ends, failure);
    if (ending === 'again') continue;
    if (answer && ending === failure) return answer;
    throw ending;
  }
}

function endWell(ends: StepEnd[], answer: ApiAnswer): ApiAnswer {
  for (let end = ends.pop(); end; end = ends.pop()) void end(undefined);
  return answer;
}

/** What the call comes to; `ends` keeps those of the steps that are not to be passed again. */
async function endBadly(ends: StepEnd[], failure: CallError): Promise<CallError | 'again'> {
  let words = failure;
  for (let end = ends.pop(); end; end = ends.pop()) {
    const ending = end(words);
    const settled = ending instanceof Promise ? await ending : ending;
    if (settled === 'again') {
      ends.push(end);
      return settled;
    }
    words = settled ?? words;
  }
  return words;
}
