import { type CallError, classifyThrown } from '../telegram/call-error.ts';
import type { GuardedCall, Step, StepEnd } from './step.ts';

/**
 * Takes a call through all steps, makes it, and takes it back through their ends, and forth again
 * from the one that asks for it. Resolves with what `make` came to, be it what `refusalOf` calls a
 * failure; rejects with a `CallError`. One function for all steps: each call would pay for every
 * promise on the way, and each idle bot would hold those of its poll.
 */
export async function pass<C extends GuardedCall, Result>(
  steps: readonly Step<C>[],
  call: C,
  make: (call: C) => Promise<Result>,
  refusalOf?: (result: Result) => CallError | undefined,
): Promise<Result> {
  const ends: StepEnd[] = [];
  for (;;) {
    let made: { readonly result: Result } | undefined;
    let failure: CallError;
    try {
      for (const step of steps.slice(ends.length)) {
        const end = step(call);
        ends.push(end instanceof Promise ? await end : end);
      }
      made = { result: await make(call) };
      const refusal = refusalOf?.(made.result);
      if (!refusal) {
        endWell(ends);
        return made.result;
      }
      failure = refusal;
    } catch (error) {
      failure = classifyThrown(error);
    }
    const ending = await endBadly(ends, failure);
    if (ending === 'again') continue;
    if (made && ending === failure) return made.result;
    throw ending;
  }
}

function endWell(ends: StepEnd[]): void {
  for (let end = ends.pop(); end; end = ends.pop()) void end(undefined);
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
