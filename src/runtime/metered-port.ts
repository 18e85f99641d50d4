import { Gauge, type Registry } from 'prom-client';
import { LIFECYCLES, type Lifecycle } from '../api/runtime-facts.ts';
import type {
  BotReport,
  ControlPort,
  EndedBot,
  GrantHolder,
  ShardAssignment,
} from '../control/port.ts';

/**
 * A control port that counts the bots that pass through it: `tenantbot_bots` in `registry`, by where
 * they are in their lives. All else is the port's behind it.
 */
export class MeteredPort implements ControlPort {
  readonly #port: ControlPort;
  /** The last word on each bot that is to be hosted, by uid. */
  readonly #lifecycles = new Map<string, Lifecycle>();

  constructor(port: ControlPort, registry: Registry) {
    this.#port = port;
    const lifecycles = this.#lifecycles;
    // The registry keeps it.
    void new Gauge({
      name: 'tenantbot_bots',
      help: 'Bots that this runtime is to host',
      labelNames: ['lifecycle'],
      registers: [registry],
      collect() {
        for (const lifecycle of LIFECYCLES) this.set({ lifecycle }, 0);
        for (const lifecycle of lifecycles.values()) this.inc({ lifecycle });
      },
    });
  }

  async *assignments(signal: AbortSignal): AsyncGenerator<ShardAssignment> {
    for await (const assignment of this.#port.assignments(signal)) {
      const wanted = new Set(assignment.bots.map(({ uid }) => uid));
      for (const uid of this.#lifecycles.keys()) if (!wanted.has(uid)) this.#lifecycles.delete(uid);
      for (const uid of wanted) {
        if (!this.#lifecycles.has(uid)) this.#lifecycles.set(uid, 'Starting');
      }
      yield assignment;
    }
  }

  connect(holder: GrantHolder): void {
    this.#port.connect(holder);
  }

  report(report: BotReport): void {
    const { uid, facts } = report;
    if (this.#lifecycles.has(uid)) this.#lifecycles.set(uid, facts.lifecycle);
    this.#port.report(report);
  }

  ended(bot: EndedBot): void {
    this.#port.ended(bot);
  }

  inContact(): boolean {
    return this.#port.inContact();
  }

  yield(uid: string): void {
    this.#port.yield(uid);
  }
}
