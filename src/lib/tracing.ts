import { errorCode } from './errors.ts';

/** Who waits for whom: as OpenTelemetry has it. */
export type SpanKind = 'internal' | 'server' | 'client' | 'consumer';

/** Plain facts; never a token, an address with one, or what a user wrote. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A stretch of work that is being traced. */
export interface Span {
  /** Tells others whose work theirs is part of, as W3C's `traceparent`. */
  readonly traceparent: string;
  /** By which a metric's exemplar names it. */
  readonly ids: { readonly trace_id: string; readonly span_id: string };
  /** A stretch of it. */
  child(name: string, kind: SpanKind, attributes: SpanAttributes): Span;
  set(attributes: SpanAttributes): void;
  /** It went wrong: `code` says how, in no one's words. */
  fail(code: string): void;
  /** It is over. To be called once. */
  end(): void;
}

/**
 * Where traces begin. Who is not traced gets undefined, and has nothing to do for it: whether by
 * choice of a part of the traces, or because nobody traces at all.
 */
export interface Tracing {
  /** `traceparent` says whose work this is part of, and with it whether it is traced. */
  begin(
    name: string,
    kind: SpanKind,
    about: { readonly attributes: SpanAttributes; readonly traceparent?: string | undefined },
  ): Span | undefined;
}

/** Ends `span` when `work` settles, and marks it as failed where that rejects. */
export async function during<Result>(span: Span, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    span.fail(errorCode(error) ?? 'ERROR');
    throw error;
  } finally {
    span.end();
  }
}
