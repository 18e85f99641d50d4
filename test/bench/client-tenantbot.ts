/**
 * Many bots in our runtime. Its arguments are the API's address, the protocol, and `webhook` where
 * updates are to come by that; or `traced`, where traces go, and which part of them is made.
 */
import { Registry } from 'prom-client';
import { openWebhooks } from '../../src/cli/webhooks.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { SharedParts } from '../../src/lib/shared-parts.ts';
import { Runtime } from '../../src/runtime/runtime.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { openTracing } from '../../src/telemetry/tracing.ts';
import { botAssignment, fleetSpec } from '../support/assignments.ts';
import { MemoryPort } from '../support/memory-port.ts';
import { beMeasured } from './measured.ts';

const [, , apiRoot = '', protocol, how, endpoint = '', ratio] = process.argv;
const byWebhook = how === 'webhook';
const handlers = [{ command: { name: 'start', reply: { text: 'Hello {firstName}' } } }];
const parts = new SharedParts();
const NO_KEYS = new Map();
const bots: ReturnType<typeof botAssignment>[] = [];

const port = new MemoryPort();
const stopping = new AbortController();
const log = createLog({ level: 'info', format: 'json', destination: process.stderr });
const webhooks = await openWebhooks(byWebhook ? { webhookPort: 0, podName: 'bench-0' } : {}, {
  clock: systemClock,
  registry: new Registry(),
});
const tracing =
  how === 'traced'
    ? openTracing({ endpoint, ratio: Number(ratio), service: 'bench', log })
    : undefined;
const runtime = new Runtime({
  ...(tracing && { tracing }),
  clock: systemClock,
  random: systemRandom,
  log,
  port,
  ...(webhooks && { webhooks: webhooks.listener }),
});
const stopped = runtime.start(stopping.signal);
beMeasured({
  add: (tokens) => {
    for (const token of tokens) {
      const bot = botAssignment({ name: `bot-${bots.length}`, token, handlers });
      // As a pod does with what it is handed.
      bots.push({ ...bot, spec: parts.in(bot.spec), signingKeys: NO_KEYS });
    }
    port.assign({
      fleet: {
        ...fleetSpec(apiRoot, { http2: protocol === 'HTTP/2' }),
        ...(byWebhook && { webhook: { publicUrl: 'https://bots.example', maxConnections: 40 } }),
      },
      shards: 1,
      bots: [...bots],
    });
  },
  stop: () => {
    stopping.abort();
    return stopped;
  },
});
