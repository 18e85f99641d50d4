import { KubeApiError, type StatusCause } from './api-error.ts';

/** How much of an answer that is not the API server's own (a proxy's page) is shown. */
const EXCERPT_LENGTH = 200;

interface Status {
  readonly kind?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly code?: unknown;
  readonly details?: { readonly causes?: readonly StatusCause[] };
}

/**
 * The error that `body`, a `Status` object, stands for. `what` names the call for people, such as
 * `get secrets team-a/token`. `status` is that of HTTP; in a watch, where there is none, 0.
 */
export function statusError(what: string, status: number, body: unknown): KubeApiError {
  const { message, reason, code, details } = isStatusObject(body) ? body : ({} as Status);
  const words = typeof message === 'string' && message !== '' ? message : excerpt(body);
  return new KubeApiError(`${what}: ${words || `the API server answered ${status}`}`, {
    status: status || (typeof code === 'number' ? code : 500),
    reason: typeof reason === 'string' ? reason : '',
    causes: details?.causes ?? [],
  });
}

/** {@link statusError} of an answer's text, JSON or not. */
export function textError(what: string, status: number, text: string): KubeApiError {
  return statusError(what, status, parsed(text));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isStatusObject(body: unknown): body is Status {
  return typeof body === 'object' && body !== null && (body as Status).kind === 'Status';
}

function excerpt(body: unknown): string {
  return typeof body === 'string' ? body.trim().slice(0, EXCERPT_LENGTH) : '';
}
