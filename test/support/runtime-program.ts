/** A runtime as a process of its own, steered by {@link RuntimeRequest}s. SIGTERM stops it. */
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { answerParent } from './answering.ts';
import { botAssignment, fleetSpec, type HostedBot } from './assignments.ts';
import { MemoryPort } from './memory-port.ts';

/** What a runtime's process is asked for. */
export type RuntimeRequest =
  | { readonly kind: 'host'; readonly apiRoot: string; readonly bots: readonly HostedBot[] }
  /** Answered with the bot's `RuntimeFacts`. */
  | { readonly kind: 'facts'; readonly name: string };

const port = new MemoryPort();
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
answerParent((request: RuntimeRequest) => {
  switch (request.kind) {
    case 'host':
      return port.assign({
        fleet: fleetSpec(request.apiRoot),
        shards: 1,
        bots: request.bots.map(botAssignment),
      });
    case 'facts':
      return port.facts.get(request.name);
    default:
      return request satisfies never;
  }
});
const log = createLog({ level: 'error', format: 'json', destination: process.stderr });
const runtime = new Runtime({ clock: systemClock, random: systemRandom, log, port });
await runtime.start(stopping.signal);
process.disconnect();
