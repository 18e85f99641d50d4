import { TenantBotError } from '../../../lib/errors.ts';

/**
 * How a forward service can fail, and whether the same update may be worth another try: only what
 * tends to pass by itself.
 */
const FAULTS = {
  unreachable: { retryable: true, words: 'the service could not be reached' },
  timeout: { retryable: true, words: 'the service did not answer in time' },
  'server-error': { retryable: true, words: 'the service failed' },
  'rate-limited': { retryable: true, words: 'the service takes no more updates for now' },
  redirect: { retryable: false, words: 'the service redirects, and redirects are not followed' },
  refused: { retryable: false, words: 'the service refused the update' },
  'too-large': { retryable: false, words: "the service's answer is too large" },
  'not-json': { retryable: false, words: "the service's answer is not JSON" },
  'wrong-shape': { retryable: false, words: "the service's answer is no Bot API call" },
  'method-not-allowed': { retryable: false, words: 'the service asked for a forbidden method' },
  'call-failed': { retryable: false, words: 'a call that the service asked for failed' },
} as const satisfies Record<string, { readonly retryable: boolean; readonly words: string }>;

export type ForwardFault = keyof typeof FAULTS;

/** What else there is to say of a failure. */
export interface ForwardErrorOptions {
  /** The handler, as the manifest names it: `spec.handlers[0].forward`. */
  readonly place: string;
  /** What exactly happened and what to do. Never quotes what the service sent. */
  readonly advice: string;
  readonly cause?: unknown;
}

/**
 * A forward handler whose service did not do its part. The message is for the tenant. Codes:
 * `FORWARD_UNREACHABLE`, `FORWARD_TIMEOUT`, `FORWARD_SERVER_ERROR`, `FORWARD_RATE_LIMITED`,
 * `FORWARD_REDIRECT`, `FORWARD_REFUSED`, `FORWARD_TOO_LARGE`, `FORWARD_NOT_JSON`,
 * `FORWARD_WRONG_SHAPE`, `FORWARD_METHOD_NOT_ALLOWED`, `FORWARD_CALL_FAILED`.
 */
export class ForwardError extends TenantBotError {
  override readonly name = 'ForwardError';
  readonly fault: ForwardFault;
  /** Whether to try the update again. No call to Telegram has been made where this is true. */
  readonly retryable: boolean;

  constructor(fault: ForwardFault, { place, advice, cause }: ForwardErrorOptions) {
    super(
      'remote',
      `FORWARD_${fault.toUpperCase().replaceAll('-', '_')}`,
      `${place}: ${FAULTS[fault].words}. ${advice}`,
      { cause },
    );
    this.fault = fault;
    this.retryable = FAULTS[fault].retryable;
  }
}
