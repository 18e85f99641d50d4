import type { Transformer } from 'grammy';
import { during, type Span } from '../../lib/tracing.ts';
import { classifyRefusal } from '../telegram/call-error.ts';
import { breaker } from './breaker.ts';
import { count } from './count.ts';
import { noteEffects } from './effects.ts';
import { fleetTurn } from './fleet-turn.ts';
import { health } from './health.ts';
import { pass } from './pass.ts';
import { rate } from './rate.ts';
import { CALL_DEADLINE_MS, retry } from './retry.ts';
import { type ApiAnswer, send } from './send.ts';
import type { Call, CallContext, GuardedCall, GuardStep, Occasion, PipelineStep } from './step.ts';
import { upstream } from './upstream.ts';

/** What every Bot API call of a bot passes on its way to {@link send}, the first step outermost. */
const STEPS: readonly PipelineStep[] = [count, breaker, retry, rate, upstream, health, noteEffects];

/** The same for calls that go past grammY. */
const BARE_STEPS = {
  poll: [fleetTurn, breaker, upstream, health],
  /** It shows whether a token is good, whatever the bot's breaker says. */
  getMe: [fleetTurn, upstream],
  /** It confirms what was handled, whatever breakers say. */
  lastPoll: [fleetTurn],
} as const satisfies Record<string, readonly GuardStep[]>;

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
      priority: occasion.priority,
      signal: (signal as AbortSignal | undefined) ?? occasion.signal,
      deadlineMs: context.clock.monotonicMs() + CALL_DEADLINE_MS,
    };
    const make = () => send(call, () => prev(method, payload, signal));
    const made = pass(STEPS, call, make, refusalOf);
    const { span } = occasion;
    return (span ? traced(span, method, made) : made) as ReturnType<typeof prev<typeof method>>;
  };
}

/**
 * Makes a call past grammY when it is its turn, however long that takes. Rejects with a
 * `CallError`.
 */
export function makeBare<Result>(
  kind: keyof typeof BARE_STEPS,
  call: Omit<GuardedCall, 'deadlineMs'>,
  make: () => Promise<Result>,
): Promise<Result> {
  const { context, method, priority, signal } = call;
  const patient = { context, method, priority, signal, deadlineMs: Number.POSITIVE_INFINITY };
  return pass<GuardedCall, Result>(BARE_STEPS[kind], patient, make);
}

/** All tries of a call, and its waits, as a part of `span`. */
function traced(span: Span, method: string, made: Promise<ApiAnswer>): Promise<ApiAnswer> {
  const call = span.child(`telegram ${method}`, 'client', { 'tenantbot.method': method });
  const ended = made.then((answer) => {
    if (!answer.ok) call.fail(String(answer.error_code));
    return answer;
  });
  return during(call, ended);
}

function refusalOf(answer: ApiAnswer): ReturnType<typeof classifyRefusal> | undefined {
  return answer.ok ? undefined : classifyRefusal(answer);
}
