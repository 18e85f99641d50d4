import { Counter, Gauge, type Registry } from 'prom-client';
import type { CoordinatorState } from '../../coordinator/coordinator.ts';

/** Where the state of fleets is read. */
export interface CoordinatedFleets {
  readonly fleets: readonly string[];
  state(fleet: string): CoordinatorState | undefined;
}

const GAUGES = {
  cap: 'Calls a second that all shards of the fleet may make, by resource',
  granted: 'Calls a second that shards have been granted, by resource',
  used: 'Calls of the last second, as shards tell, by resource',
  wanted: 'Calls a second that shards would like to make, by resource',
} as const;

/** How fleets keep to their limits, told by whoever leads. */
export class GrantMetrics {
  readonly #writes: Counter;
  #tracked: CoordinatedFleets | undefined;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#writes = new Counter({
      name: 'tenantbot_grant_table_writes_total',
      help: 'Writes of the table of grants',
      labelNames: ['fleet'],
      registers,
    });
    for (const [field, help] of Object.entries(GAUGES)) {
      this.#gauge(
        `tenantbot_grants_${field}`,
        { help, labelNames: ['fleet', 'resource'], registers },
        (gauge, fleet, { resources }) => {
          for (const state of resources) {
            gauge.set({ fleet, resource: state.resource }, state[field as keyof typeof GAUGES]);
          }
        },
      );
    }
    const help =
      'The part of its limits that the fleet makes use of: below 1 after Telegram has asked to slow down';
    this.#gauge(
      'tenantbot_grants_factor',
      { help, labelNames: ['fleet'], registers },
      (gauge, fleet, { factor }) => gauge.set({ fleet }, factor),
    );
  }

  /** A table was written. */
  written(fleet: string): void {
    this.#writes.inc({ fleet });
  }

  /** These are told of until the function that is returned is called. */
  track(fleets: CoordinatedFleets): () => void {
    this.#tracked = fleets;
    return () => {
      if (this.#tracked === fleets) this.#tracked = undefined;
    };
  }

  #gauge(
    name: string,
    options: { help: string; labelNames: string[]; registers: Registry[] },
    tell: (gauge: Gauge, fleet: string, state: CoordinatorState) => void,
  ): void {
    const tracked = (): CoordinatedFleets | undefined => this.#tracked;
    const gauge = new Gauge({
      name,
      ...options,
      collect() {
        gauge.reset();
        for (const fleet of tracked()?.fleets ?? []) {
          const state = tracked()?.state(fleet);
          if (state) tell(gauge, fleet, state);
        }
      },
    });
  }
}
