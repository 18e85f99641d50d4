interface Call {
  readonly host: string;
  readonly method: string;
}

/** What a client tells of its requests. */
export interface RestClientMetrics {
  /** A request has waited for the client's own rate. */
  admitted(call: Call & { readonly waitedMs: number }): void;
  /** One try has ended. `code` is the status, or `<error>` where no answer came. */
  answered(call: Call & { readonly code: string; readonly durationMs: number }): void;
  /** A request will be sent again. */
  retried(call: Call & { readonly code: string }): void;
}
