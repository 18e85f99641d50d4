/**
 * A candidate in a process of its own: `candidate-program.ts <kubeconfig> <namespace> <identity> [default]`,
 * with short timings unless told to take the default ones.
 * Writes a line of JSON for all that it does; on a message, which it answers, it blocks its event loop
 * for as many milliseconds as that says. Ends on SIGTERM, and with 70 where the elector wants it to end.
 */

import { Elector } from '../../src/kube/elector.ts';
import { DEFAULT_ELECTION_TIMINGS } from '../../src/kube/elector-timings.ts';
import { HttpKubeClient } from '../../src/kube/http-client.ts';
import { loadClusterAccess } from '../../src/kube/kubeconfig.ts';
import { sleep, systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/random.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { SHORT_TIMINGS } from './candidate-timings.ts';

const [kubeconfig = '', namespace = '', identity = '', times] = process.argv.slice(2);
const timings = times === 'default' ? DEFAULT_ELECTION_TIMINGS : SHORT_TIMINGS;

function tell(event: string, term?: number): void {
  process.stdout.write(`${JSON.stringify({ event, identity, term, atMs: Date.now() })}\n`);
}

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
process.on('message', (ms: number) => {
  process.send?.('blocking', () => {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
    tell('unblocked');
  });
});

const client = new HttpKubeClient({
  access: await loadClusterAccess(kubeconfig),
  clock: systemClock,
  random: systemRandom,
  userAgent: 'tenantbot-tests',
});
const elector = new Elector({
  client,
  namespace,
  name: 'operator',
  identity,
  timings,
  async lead(signal, term) {
    tell('leads', term);
    while (!signal.aborted) {
      if (elector.isLeader()) tell('acts', term);
      await sleep(systemClock, 10);
    }
    tell('ended', term);
  },
  exit: () => process.exit(70),
  clock: systemClock,
  random: systemRandom,
  log: createLog({ level: 'info', format: 'text', destination: process.stderr }),
});
tell('starts');
await elector.start(stop.signal);
tell('stopped');
await client.close();
process.disconnect();
