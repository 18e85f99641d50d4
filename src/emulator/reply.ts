import { ApiError, errorBody } from './api-error.ts';
import type { FaultEffect, FaultPlan } from './faults.ts';
import type { Answer } from './methods/method.ts';

/** What a call came to, before anything happens to its answer. */
export type Outcome = { readonly answer: Answer } | { readonly error: ApiError };

/** What goes back over the wire, or how it fails to. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      /** JSON where undefined. */
      readonly type?: string;
      readonly retryAfterSeconds?: number | string | undefined;
    }
  | { readonly kind: 'truncated'; readonly status: number; readonly body: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** The answer as it stands. */
export function replyTo(outcome: Outcome): Extract<Reply, { kind: 'answer' }> {
  if ('error' in outcome) {
    const { error } = outcome;
    return {
      kind: 'answer',
      status: error.status,
      body: errorBody(error),
      retryAfterSeconds: error.parameters?.retry_after,
    };
  }
  const { resultJson, description } = outcome.answer;
  const remark = description === undefined ? '' : `,"description":${JSON.stringify(description)}`;
  return { kind: 'answer', status: 200, body: `{"ok":true,"result":${resultJson}${remark}}` };
}

/** What a fault answers instead of carrying out the call. */
export function earlyReply(effect: FaultPlan['effect']): Reply | undefined {
  switch (effect?.kind) {
    case undefined:
    case 'truncate':
      return undefined;
    case 'reset':
    case 'hang':
      return effect.when === 'before' ? { kind: effect.kind } : undefined;
    case 'status':
      return replyTo({ error: injectedError(effect) });
    case 'html':
      return {
        kind: 'answer',
        status: effect.status,
        body: htmlPage(effect.status),
        type: 'text/html',
      };
    case 'empty':
      return { kind: 'answer', status: effect.status, body: '' };
    case 'not-ok': {
      const { description } = effect;
      return {
        kind: 'answer',
        status: 200,
        body: JSON.stringify({ ok: false, error_code: 400, description }),
      };
    }
    default:
      return effect satisfies never;
  }
}

/** What a fault makes of the answer of a call that has been carried out. */
export function lateReply(
  effect: FaultPlan['effect'],
  reply: Extract<Reply, { kind: 'answer' }>,
): Reply {
  if (effect?.kind === 'truncate') return { ...reply, kind: 'truncated' };
  if (effect?.kind === 'reset' || effect?.kind === 'hang') return { kind: effect.kind };
  return reply;
}

function injectedError(effect: Extract<FaultEffect, { kind: 'status' }>): ApiError {
  const { status, retryAfterSeconds, description } = effect;
  const usual =
    retryAfterSeconds === undefined
      ? (USUAL_TEXTS[status] ?? 'Internal Server Error')
      : `Too Many Requests: retry after ${retryAfterSeconds}`;
  const parameters =
    retryAfterSeconds === undefined ? undefined : { retry_after: retryAfterSeconds };
  return new ApiError(status, description ?? usual, parameters);
}

const USUAL_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function htmlPage(status: number): string {
  const text = `${status} ${USUAL_TEXTS[status] ?? 'Error'}`;
  return `<html>\r\n<head><title>${text}</title></head>\r\n<body><center><h1>${text}</h1></center></body>\r\n</html>\r\n`;
}
