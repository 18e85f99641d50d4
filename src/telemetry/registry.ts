import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';

/** What serves metrics takes: text, and what kind of text it is. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** What a registry tells apart from its numbers. */
export interface RegistryOptions {
  /** Whether it names single traces, as OpenMetrics has it. */
  readonly exemplars: boolean;
}

/** A registry of a process, with what Node tells of it (`process_*`, `nodejs_*`). */
export function createRegistry({ exemplars }: RegistryOptions = { exemplars: false }): Registry {
  const register = new Registry();
  if (exemplars) register.setContentType(openMetrics());
  collectDefaultMetrics({ register });
  return register;
}

/** prom-client's types know this kind of text for registries that are made with it alone. */
function openMetrics(): Registry['contentType'] {
  return Registry.OPENMETRICS_CONTENT_TYPE as string as Registry['contentType'];
}

/**
 * Several registries as one, each with labels of its own that tell its series from those of the
 * others. Metrics of the same name and labels are added up.
 */
export class RegistrySet implements MetricsSource {
  /** Without labels; for what there is one of. */
  readonly main: Registry;
  readonly #parts = new Map<string, Registry>();

  constructor(main: Registry) {
    this.main = main;
  }

  get contentType(): string {
    return this.main.contentType;
  }

  /** A new registry with `labels`, in place of the one that was opened with them before. */
  open(labels: Readonly<Record<string, string>>): Registry {
    const registry = new Registry();
    registry.setDefaultLabels(labels);
    this.#parts.set(JSON.stringify(labels), registry);
    return registry;
  }

  async metrics(): Promise<string> {
    const all = [this.main, ...this.#parts.values()];
    const told = await Promise.all(all.map((registry) => registry.getMetricsAsJSON()));
    return AggregatorRegistry.aggregate(told).metrics();
  }
}
