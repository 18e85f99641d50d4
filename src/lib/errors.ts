import { redactTokens } from './secret.ts';

/** Who must act on an error. Decides how it is shown and whether trying again makes sense. */
export const ERROR_KINDS = ['input', 'environment', 'remote', 'internal'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * An error for people: the message says what is wrong, where, and what to do; `code` is stable and
 * can be matched by programs. Anything that looks like a bot token is taken out of the message.
 */
export class TenantBotError extends Error {
  override readonly name: string = 'TenantBotError';
  readonly code: string;
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(redactTokens(message), options);
    this.kind = kind;
    this.code = code;
  }
}

/** What somebody wrote or typed is wrong: a manifest, a flag, a request. Trying again won't help. */
export function inputError(code: string, message: string, cause?: unknown): TenantBotError {
  return new TenantBotError('input', code, message, { cause });
}

/** This machine does not give what is needed: a port, a folder, a disk. */
export function environmentError(code: string, message: string, cause?: unknown): TenantBotError {
  return new TenantBotError('environment', code, message, { cause });
}

/** `error` as one line for people, without stack or secrets. */
export function errorMessage(error: unknown): string {
  return redactTokens(error instanceof Error ? error.message : String(error));
}

/** The stable code of `error`: ours, or Node's (`ECONNREFUSED`), also from its cause. */
export function errorCode(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; depth++) {
    const code: unknown = (current as { code?: unknown }).code;
    if (typeof code === 'string') return code;
    current = current.cause;
  }
  return undefined;
}

/** A switch over a union that reaches this was not exhaustive, or was lied to. */
export function unreachable(value: never): never {
  throw new TenantBotError('internal', 'UNREACHABLE', `unexpected value: ${String(value)}`);
}
