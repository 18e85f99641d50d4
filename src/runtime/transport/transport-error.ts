import { errorCode, TenantBotError } from '../../lib/errors.ts';

/** How an exchange over the network can fail without an answer. */
export const TRANSPORT_FAULTS = ['network', 'timeout', 'too-large', 'aborted'] as const;
export type TransportFault = (typeof TRANSPORT_FAULTS)[number];

const WORDS: Record<TransportFault, string> = {
  network: 'the connection failed or broke off',
  timeout: 'no complete answer came in time',
  'too-large': 'the answer is too large',
  aborted: 'the call was called off',
};

/**
 * An exchange that brought no whole answer. The message never holds an address, since a Bot API
 * address holds the token.
 */
export class TransportError extends TenantBotError {
  override readonly name = 'TransportError';
  readonly fault: TransportFault;
  /** Whether the other side may have seen the request, and so may have acted on it. */
  readonly sent: boolean;

  constructor(
    fault: TransportFault,
    options: { readonly sent: boolean; readonly cause?: unknown },
  ) {
    const detail = fault === 'network' ? errorCode(options.cause) : undefined;
    super(
      'remote',
      `TRANSPORT_${fault.toUpperCase().replace('-', '_')}`,
      detail ? `${WORDS[fault]} (${detail})` : WORDS[fault],
      { cause: options.cause },
    );
    this.fault = fault;
    this.sent = options.sent;
  }
}
