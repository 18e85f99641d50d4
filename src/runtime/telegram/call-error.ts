import { GrammyError, HttpError } from 'grammy';
import { TenantBotError } from '../../lib/errors.ts';
import { TransportError, type TransportFault } from '../transport/transport-error.ts';

/**
 * What went wrong with a Bot API call (DESIGN §8), and three kinds of call that we did not make, or
 * called off ourselves: `breaker-open` while calls keep failing, `held-back` where its turn under
 * the limits would come too late, `aborted`.
 */
export const CALL_FAULTS = [
  'network',
  'timeout',
  'server',
  'rate-limited',
  'unauthorized',
  'conflict',
  'rejected',
  'unknown',
  'breaker-open',
  'held-back',
  'aborted',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** A Bot API call that failed. The message is for people; it holds neither address nor token. */
export class CallError extends TenantBotError {
  override readonly name = 'CallError';
  readonly fault: CallFault;
  /** Whether Telegram may have carried the call out all the same. */
  readonly mayHaveHappened: boolean;
  /** How long to make no such call: with `rate-limited`, `breaker-open` and `held-back`. */
  readonly retryAfterMs: number | undefined;

  constructor(
    fault: CallFault,
    message: string,
    options: {
      readonly mayHaveHappened: boolean;
      readonly retryAfterMs?: number;
      readonly cause?: unknown;
    },
  ) {
    super('remote', `TELEGRAM_${fault.toUpperCase().replace('-', '_')}`, message, {
      cause: options.cause,
    });
    this.fault = fault;
    this.mayHaveHappened = options.mayHaveHappened;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Telegram's own words for a call that it refused: the body of an answer with `ok: false`. */
export interface Refusal {
  readonly error_code?: unknown;
  readonly description?: unknown;
  readonly parameters?: unknown;
}

/** Whatever a call rejected with, classified. Gives back what is classified already. */
export function classifyThrown(error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (error instanceof TransportError) return classifyTransport(error);
  if (error instanceof GrammyError) return classifyRefusal(error);
  if (error instanceof HttpError) return classifyThrown(error.error);
  return new CallError('unknown', 'The call to Telegram failed for a reason that is not known.', {
    mayHaveHappened: true,
    cause: error,
  });
}

/** A refusal in Telegram's own words, classified. Telegram does not carry out what it refuses. */
export function classifyRefusal(refusal: Refusal): CallError {
  const code = typeof refusal.error_code === 'number' ? refusal.error_code : 0;
  const words = typeof refusal.description === 'string' ? refusal.description : 'no reason given';
  const fault = faultOfCode(code);
  const said = `${code}: ${words.slice(0, 300)}`;
  if (fault === 'rate-limited') {
    const retryAfterMs = retryAfterOf(refusal.parameters);
    const pause = `no call before ${Math.ceil(retryAfterMs / 1000)} s have passed`;
    return new CallError(fault, `Telegram asks to slow down (${said}); ${pause}.`, {
      mayHaveHappened: false,
      retryAfterMs,
    });
  }
  const message =
    fault === 'server'
      ? `Telegram has trouble of its own (${said}).`
      : `Telegram refused the call (${said}).`;
  // A gateway that gave up waiting does not know what became of the call.
  return new CallError(fault, message, { mayHaveHappened: code === 504 || fault === 'unknown' });
}

/**
 * An answer that is none of the Bot API's (HTML, nothing, half of one), classified by its status.
 * Only Telegram itself can say that a token is bad or that somebody else polls, so that a proxy's
 * 401 or 409 counts as `unknown`.
 */
export function classifyForeignAnswer(status: number): CallError {
  const fault = faultOfCode(status);
  const advice = 'Is apiRoot the address of a Bot API server, and is there a proxy in between?';
  const message = `What answered is no Bot API server (status ${status}). ${advice}`;
  const known = fault === 'server' || fault === 'rejected' || fault === 'rate-limited';
  return new CallError(known ? fault : 'unknown', message, {
    mayHaveHappened: status < 400 || status === 504,
    ...(fault === 'rate-limited' && { retryAfterMs: DEFAULT_RETRY_AFTER_MS }),
  });
}

const TRANSPORT_WORDS: Record<TransportFault, { fault: CallFault; message: string }> = {
  network: { fault: 'network', message: 'Telegram cannot be reached' },
  timeout: { fault: 'timeout', message: 'Telegram did not answer in time' },
  'too-large': { fault: 'unknown', message: "Telegram's answer made no sense" },
  aborted: { fault: 'aborted', message: 'The call to Telegram was broken off' },
};

function classifyTransport(error: TransportError): CallError {
  const { fault, message } = TRANSPORT_WORDS[error.fault];
  return new CallError(fault, `${message}: ${error.message}.`, {
    mayHaveHappened: error.sent,
    cause: error,
  });
}

function faultOfCode(code: number): CallFault {
  if (code === 401) return 'unauthorized';
  if (code === 409) return 'conflict';
  if (code === 429) return 'rate-limited';
  if (code >= 400 && code < 500) return 'rejected';
  if (code >= 500 && code < 600) return 'server';
  return 'unknown';
}

const DEFAULT_RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** `retry_after` in milliseconds; what is missing, negative or no number counts as a second. */
function retryAfterOf(parameters: unknown): number {
  const given = (parameters as { readonly retry_after?: unknown } | null | undefined)?.retry_after;
  const seconds = typeof given === 'string' && given.trim() !== '' ? Number(given) : given;
  if (typeof seconds !== 'number' || Number.isNaN(seconds) || seconds < 0) {
    return DEFAULT_RETRY_AFTER_MS;
  }
  return Math.min(seconds * 1000, MAX_RETRY_AFTER_MS);
}
