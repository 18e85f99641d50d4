import {
  type Context,
  SpanKind as OtelKind,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { errorMessage } from '../lib/errors.ts';
import type { Span, SpanAttributes, SpanKind, Tracing } from '../lib/tracing.ts';
import type { Log } from './log.ts';

/** Where traces go, and which. */
export interface TracingOptions {
  /** Of a collector that takes OTLP over HTTP, as `http://host:4318`. */
  readonly endpoint: string;
  /** Which part of the traces that begin here is kept, from 0 to 1. */
  readonly ratio: number;
  /** Which program this is: `tenantbot-runtime`. */
  readonly service: string;
  readonly log: Log;
}

/** Tracing until it is closed. */
export interface OpenTracing extends Tracing {
  /** Sends what is left, for no longer than two seconds. */
  close(): Promise<void>;
}

const TRACES_PATH = '/v1/traces';
const CLOSE_MS = 2_000;
const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  consumer: OtelKind.CONSUMER,
};
/** Version, trace, span, flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Sends traces to a collector, in batches; what it does not take is dropped, and said once. */
export function openTracing({ endpoint, ratio, service, log }: TracingOptions): OpenTracing {
  const url = endpoint.endsWith(TRACES_PATH) ? endpoint : endpoint + TRACES_PATH;
  const exporter = new TellingExporter({ url, timeoutMillis: CLOSE_MS }, log);
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter, exportTimeoutMillis: CLOSE_MS })],
    resource: resourceOf({ 'service.name': service }),
  });
  const tracer = provider.getTracer('tenantbot');
  return {
    begin(name, kind, { attributes, traceparent }) {
      const parent = traceparent === undefined ? ROOT_CONTEXT : remote(traceparent);
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes }, parent);
      return span.isRecording() ? new RecordedSpan(tracer, span) : undefined;
    },
    close: () => provider.shutdown().catch(() => undefined),
  };
}

class RecordedSpan implements Span {
  readonly #tracer: Tracer;
  readonly #span: OtelSpan;

  constructor(tracer: Tracer, span: OtelSpan) {
    this.#tracer = tracer;
    this.#span = span;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  }

  get ids(): Span['ids'] {
    const { traceId, spanId } = this.#span.spanContext();
    return { trace_id: traceId, span_id: spanId };
  }

  child(name: string, kind: SpanKind, attributes: SpanAttributes): Span {
    const within = trace.setSpan(ROOT_CONTEXT, this.#span);
    const span = this.#tracer.startSpan(name, { kind: KINDS[kind], attributes }, within);
    return new RecordedSpan(this.#tracer, span);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(code: string): void {
    this.#span.setAttribute('error.type', code);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }
}

/** What makes no sense begins a trace of its own. */
function remote(traceparent: string): Context {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(traceparent) ?? [];
  const parent: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
  return traceId === '' ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** Tells when it begins to fail, and when that is over. */
class TellingExporter extends OTLPTraceExporter {
  readonly #log: Log;
  #isFailing = false;

  constructor(config: { readonly url: string; readonly timeoutMillis: number }, log: Log) {
    super(config);
    this.#log = log;
  }

  override export(...[spans, done]: Parameters<OTLPTraceExporter['export']>): void {
    super.export(spans, (result) => {
      this.#tell(result.error);
      done(result);
    });
  }

  #tell(error: Error | undefined): void {
    if (error && !this.#isFailing) {
      const words = "traces can't be sent, and are dropped; check --otlp-endpoint";
      this.#log.warn({ error: errorMessage(error) }, words);
    } else if (!error && this.#isFailing) this.#log.info('traces are sent again');
    this.#isFailing = error !== undefined;
  }
}

/** What OpenTelemetry would make of the environment, and of the machine, nobody asked for. */
function resourceOf(attributes: ReadableSpan['resource']['attributes']): ReadableSpan['resource'] {
  return {
    attributes,
    merge() {
      return this;
    },
    getRawAttributes: () => Object.entries(attributes),
  };
}
