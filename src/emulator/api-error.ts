/** What the Bot API adds to an error for programs to act on. */
export interface ErrorParameters {
  /** Whole seconds; an injected fault may say anything. */
  readonly retry_after?: number | string;
  readonly migrate_to_chat_id?: number;
}

/** An answer with `ok: false`. `description` is the text that a bot sees, prefix included. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly parameters: ErrorParameters | undefined;
  /** Which of Telegram's limits has refused the call, for the ledger. */
  readonly limit: string | undefined;

  constructor(status: number, description: string, parameters?: ErrorParameters, limit?: string) {
    super(description);
    this.status = status;
    this.parameters = parameters;
    this.limit = limit;
  }
}

/** 400 with the real server's prefix. */
export function badRequest(text: string): ApiError {
  return new ApiError(400, `Bad Request: ${text}`);
}

/** 403 with the real server's prefix. */
export function forbidden(text: string): ApiError {
  return new ApiError(403, `Forbidden: ${text}`);
}

/** 409 with the real server's prefix. */
export function conflict(text: string): ApiError {
  return new ApiError(409, `Conflict: ${text}`);
}

/** 429 that asks for a pause of `retryAfterSeconds`, on account of `limit`. */
export function tooManyRequests(retryAfterSeconds: number, limit?: string): ApiError {
  const parameters = { retry_after: retryAfterSeconds };
  const text = `Too Many Requests: retry after ${retryAfterSeconds}`;
  return new ApiError(429, text, parameters, limit);
}

/** The body of an error answer. */
export function errorBody(error: ApiError): string {
  return JSON.stringify({
    ok: false,
    error_code: error.status,
    description: error.message,
    parameters: error.parameters,
  });
}
