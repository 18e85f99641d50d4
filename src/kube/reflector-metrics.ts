import { Counter, Histogram, type Registry } from 'prom-client';

/** Hears what a reflector does. */
export interface ReflectorMetrics {
  /** A complete list was read. */
  listed(items: number, durationMs: number): void;
  /** A watch was over, well or badly. */
  watched(events: number, durationMs: number): void;
  /** A list or a watch failed, and will be tried again. */
  failed(verb: 'list' | 'watch'): void;
}

/**
 * The metrics of reflectors in `registry` under client-go's names (`reflector_*`, label `name`).
 * Returns what gives a reflector its own; call that once per reflector.
 */
export function reflectorMetrics(registry: Registry): (name: string) => ReflectorMetrics {
  const registers = [registry];
  const labelNames = ['name'] as const;
  const histogram = (name: string, help: string, buckets: number[]): Histogram<'name'> =>
    new Histogram({ name, help, labelNames, buckets, registers });
  const lists = histogram(
    'reflector_list_duration_seconds',
    'How long complete lists took, over all their pages',
    [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
  );
  const items = histogram(
    'reflector_items_per_list',
    'How many objects a complete list held',
    [1, 10, 100, 1000, 10_000, 100_000],
  );
  const watches = histogram(
    'reflector_watch_duration_seconds',
    'How long watches lasted',
    [1, 10, 60, 300, 600],
  );
  const events = histogram(
    'reflector_items_per_watch',
    'How many events a watch brought, bookmarks among them',
    [1, 10, 100, 1000, 10_000, 100_000],
  );
  const failures = new Counter({
    name: 'reflector_failures_total',
    help: 'Lists and watches that failed',
    labelNames: ['name', 'verb'] as const,
    registers,
  });
  return (name) => {
    // A series that is there from the start lets rate() see its first increase.
    failures.inc({ name, verb: 'list' }, 0);
    failures.inc({ name, verb: 'watch' }, 0);
    return {
      listed(count, durationMs) {
        lists.observe({ name }, durationMs / 1000);
        items.observe({ name }, count);
      },
      watched(count, durationMs) {
        watches.observe({ name }, durationMs / 1000);
        events.observe({ name }, count);
      },
      failed(verb) {
        failures.inc({ name, verb });
      },
    };
  };
}
