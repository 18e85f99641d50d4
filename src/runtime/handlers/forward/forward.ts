import { type Context, GrammyError } from 'grammy';
import type { BotKey } from '../../../api/group.ts';
import type { ForwardHandler } from '../../../api/handlers.ts';
import type { Clock } from '../../../lib/clock.ts';
import { errorMessage, inputError } from '../../../lib/errors.ts';
import type { Secret } from '../../../lib/secret.ts';
import { during } from '../../../lib/tracing.ts';
import { DEFAULT_UPDATE_KINDS } from '../../../lib/update-kinds.ts';
import type { Log } from '../../../telemetry/log.ts';
import { isLastTry } from '../../dispatch/attempts.ts';
import type { HttpPost, HttpPostResponse } from '../../transport/http-post.ts';
import { TransportError } from '../../transport/transport-error.ts';
import type { HandlerContext, UpdateHandler } from '../handler.ts';
import { compileReply, type SendReply } from '../reply.ts';
import { type BotCall, readAnswer } from './answer.ts';
import { ForwardError } from './forward-error.ts';
import { forwardHeaders } from './request.ts';

/** Where a forward handler stands, and what it reaches the world with. */
export interface ForwardDeps {
  readonly key: BotKey;
  /** The handler, as the manifest names it: `spec.handlers[0].forward`. */
  readonly place: string;
  readonly signingKey: Secret;
  readonly clock: Clock;
  readonly httpPost: HttpPost;
  readonly log: Log;
}

/** How much a service may answer. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * A handler that hands updates to the tenant's own service and makes the Bot API calls that it
 * answers with, as `docs/forward.md` says. Fails with a {@link ForwardError} where the service is
 * at fault; at the last try it tells the user `errorReply`.
 *
 * @throws an input error where the address is none
 */
export function compileForward(handler: ForwardHandler, deps: ForwardDeps): UpdateHandler {
  if (!URL.canParse(handler.url)) {
    throw inputError('FORWARD_URL_INVALID', `${deps.place}.url: "${handler.url}" is no address`);
  }
  const methods = new Map(handler.methods.map((method) => [method.toLowerCase(), method]));
  const apologize = handler.errorReply && compileReply(handler.errorReply, deps.log);
  return {
    kinds: handler.updates ?? DEFAULT_UPDATE_KINDS,
    async handle(context, signal) {
      try {
        const answer = await post(context, { handler, deps, signal });
        context.usage.hold(answer.body.length);
        await context.usage.turn();
        const rules = { place: deps.place, methods };
        const calls = context.usage.timed(() => readAnswer(answer, rules));
        await makeCalls(calls, { ctx: context.ctx, place: deps.place, signal });
      } catch (error) {
        if (apologize && isForGood(error, context.attempt) && !signal.aborted) {
          await tellUser(context.ctx, { apologize, log: deps.log, signal });
        }
        throw error;
      }
    },
  };
}

async function post(
  { ctx, attempt, span }: HandlerContext,
  to: {
    readonly handler: ForwardHandler;
    readonly deps: ForwardDeps;
    readonly signal: AbortSignal;
  },
): Promise<HttpPostResponse> {
  const { handler, deps, signal } = to;
  const body = JSON.stringify(ctx.update);
  const headers = forwardHeaders({
    bot: { key: deps.key, id: ctx.me.id },
    updateId: ctx.update.update_id,
    attempt,
    body,
    wallMs: deps.clock.wallMs(),
    signingKey: deps.signingKey,
  });
  const timeoutMs = handler.timeoutSeconds * 1000;
  const maxBytes = MAX_ANSWER_BYTES;
  const posting = span?.child('forward', 'client', { 'tenantbot.handler': deps.place });
  if (posting) headers['traceparent'] = posting.traceparent;
  try {
    const answer = deps.httpPost({ url: handler.url, headers, body, timeoutMs, maxBytes, signal });
    return await (posting ? during(posting, answer) : answer);
  } catch (error) {
    throw error instanceof TransportError ? toForwardError(error, to) : error;
  }
}

function toForwardError(
  cause: TransportError,
  { handler, deps: { place } }: { readonly handler: ForwardHandler; readonly deps: ForwardDeps },
): Error {
  switch (cause.fault) {
    case 'network':
      return new ForwardError('unreachable', {
        place,
        advice: `Check that it runs and that url is right: ${cause.message}.`,
        cause,
      });
    case 'timeout':
      return new ForwardError('timeout', {
        place,
        advice: `It has ${handler.timeoutSeconds} s; raise timeoutSeconds or answer at once and do the work later.`,
        cause,
      });
    case 'too-large':
      return new ForwardError('too-large', {
        place,
        advice: `At most ${MAX_ANSWER_BYTES} bytes are read; send files by address or file id.`,
        cause,
      });
    case 'aborted':
      return cause;
    default:
      return cause.fault satisfies never;
  }
}

type RawMethod = (params: object, signal: AbortSignal) => Promise<unknown>;

async function makeCalls(
  calls: readonly BotCall[],
  to: { readonly ctx: Context; readonly place: string; readonly signal: AbortSignal },
): Promise<void> {
  const raw = to.ctx.api.raw as unknown as Readonly<Record<string, RawMethod>>;
  for (const [index, { method, params }] of calls.entries()) {
    try {
      await raw[method]?.(params, to.signal);
    } catch (error) {
      // Before anything has happened, trouble on the way to Telegram is not the service's fault.
      if (index === 0 && !isRejected(error)) throw error;
      const said = error instanceof GrammyError ? error.description : errorMessage(error);
      const advice = `Call ${index + 1} of ${calls.length} (${method}): ${said}`;
      throw new ForwardError('call-failed', { place: to.place, advice, cause: error });
    }
  }
}

/** Whether Telegram found fault with the call itself. */
function isRejected(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 400;
}

function isForGood(error: unknown, attempt: number): boolean {
  return error instanceof ForwardError && isLastTry(attempt, error.retryable);
}

/** Only who wrote or pressed something waits for an answer. A failure here changes nothing. */
async function tellUser(
  ctx: Context,
  how: { readonly apologize: SendReply; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const addressed = ctx.message ?? ctx.businessMessage ?? ctx.callbackQuery;
  if (!addressed || ctx.chatId === undefined) return;
  try {
    await how.apologize(ctx, '', how.signal);
  } catch (error) {
    how.log.warn({ updateId: ctx.update.update_id }, `errorReply not sent: ${errorMessage(error)}`);
  }
}
