import type { Log } from '../telemetry/log.ts';
import type { OpenTracing } from '../telemetry/tracing.ts';

/** What settings say of traces. */
export interface TracingSettings {
  readonly otlpEndpoint?: string | undefined;
  readonly traceRatio: number;
}

/** Opens the way for traces; where none are wanted, what it takes is not even loaded. */
export async function openTracing(
  { otlpEndpoint: endpoint, traceRatio: ratio }: TracingSettings,
  program: { readonly service: string; readonly log: Log },
): Promise<OpenTracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { openTracing: open } = await import('../telemetry/tracing.ts');
  return open({ endpoint, ratio, ...program });
}
