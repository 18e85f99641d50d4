import { TenantBotError } from '../lib/errors.ts';

/** What the API server says of one field. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** The API server answered, and with an error. `reason` is its own (`NotFound`, `Conflict`, …). */
export class KubeApiError extends TenantBotError {
  override readonly name = 'KubeApiError';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly StatusCause[];

  constructor(
    message: string,
    answer: {
      readonly status: number;
      readonly reason: string;
      readonly causes?: readonly StatusCause[];
    },
  ) {
    super('remote', `KUBE_${answer.reason.toUpperCase() || answer.status}`, message);
    this.status = answer.status;
    this.reason = answer.reason;
    this.causes = answer.causes ?? [];
  }
}

/** Whether `error` is the API server's, with this status. */
export function isStatus(error: unknown, status: 403 | 404 | 409 | 410 | 422): boolean {
  return error instanceof KubeApiError && error.status === status;
}

/** The object exists already: a conflict of another kind than a stale version. */
export function isAlreadyExists(error: unknown): boolean {
  return error instanceof KubeApiError && error.reason === 'AlreadyExists';
}
