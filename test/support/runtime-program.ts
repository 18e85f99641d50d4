/**
 * A runtime as a process of its own, steered by {@link RuntimeRequest}s. SIGTERM stops it. Takes
 * webhooks where its only argument, {@link WebhookSettings} as JSON, says how.
 */
import { EventEmitter } from 'node:events';
import { Registry } from 'prom-client';
import type { FleetWebhook } from '../../src/api/webhook.ts';
import type { RuntimeSettings } from '../../src/cli/runtime-settings.ts';
import { handleUncaughtErrors } from '../../src/cli/uncaught-errors.ts';
import { openWebhooks } from '../../src/cli/webhooks.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { ErrorBoundary } from '../../src/runtime/bot/boundary.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { answerParent } from './answering.ts';
import { botAssignment, fleetSpec, type HostedBot } from './assignments.ts';
import { MemoryPort } from './memory-port.ts';

/** How a runtime takes webhooks. */
export type WebhookSettings = Pick<RuntimeSettings, 'webhookPort' | 'webhookPeers' | 'podName'>;

/** What a runtime's process is asked for. */
export type RuntimeRequest =
  | {
      readonly kind: 'host';
      readonly apiRoot: string;
      readonly bots: readonly HostedBot[];
      readonly drainSeconds?: number;
      readonly webhook?: FleetWebhook;
      readonly shards?: number;
    }
  /** Answered with the bot's `RuntimeFacts`. */
  | { readonly kind: 'facts'; readonly name: string }
  /** Has something go wrong: now, or in the work of a bot when it next logs what holds `when`. */
  | { readonly kind: 'go-wrong'; readonly how: Mishap; readonly when?: string };

/** Ways for something to go wrong so that nobody can catch it. */
const MISHAPS = {
  rejection: () => void Promise.reject(new Error('nobody awaited this')),
  'late rejection': () => void afterwards().then(() => Promise.reject(new Error('nor this'))),
  timer: () => void setTimeout(() => wrong('in a timer'), 1),
  microtask: () => queueMicrotask(() => wrong('in a microtask')),
  emitter: () => void setImmediate(() => new EventEmitter().emit('error', new Error('unheard'))),
} as const satisfies Record<string, () => void>;
export type Mishap = keyof typeof MISHAPS;

function wrong(where: string): never {
  throw new Error(`nobody can catch this ${where}`);
}

function afterwards(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
}

let due: { readonly how: Mishap; readonly when: string } | undefined;
/** Bots call the log from the midst of their work. */
function write(line: string): void {
  process.stderr.write(line);
  if (!due || !line.includes(due.when)) return;
  const { how } = due;
  due = undefined;
  MISHAPS[how]();
}

const port = new MemoryPort();
const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
answerParent((request: RuntimeRequest) => {
  switch (request.kind) {
    case 'host': {
      const fleet = fleetSpec(request.apiRoot);
      const { drainSeconds = fleet.runtime.drainSeconds } = request;
      return port.assign({
        fleet: { ...fleet, webhook: request.webhook, runtime: { ...fleet.runtime, drainSeconds } },
        shards: request.shards ?? 1,
        bots: request.bots.map(botAssignment),
      });
    }
    case 'facts':
      return port.facts.get(request.name);
    case 'go-wrong':
      if (request.when === undefined) MISHAPS[request.how]();
      else due = { how: request.how, when: request.when };
      return undefined;
    default:
      return request satisfies never;
  }
});
const log = createLog({ level: 'error', format: 'json', destination: { write } });
const boundary = new ErrorBoundary();
using _errors = handleUncaughtErrors({
  blame: (error) => boundary.fail(error),
  log,
  exit: (code) => process.exit(code),
});
const [, , settings = '{}'] = process.argv;
const webhooks = await openWebhooks(JSON.parse(settings) as WebhookSettings, {
  clock: systemClock,
  registry: new Registry(),
});
const runtime = new Runtime({
  clock: systemClock,
  random: systemRandom,
  log,
  port,
  boundary,
  ...(webhooks && { webhooks: webhooks.listener }),
});
await runtime.start(stopping.signal);
await webhooks?.close();
process.disconnect();
