/**
 * A replica of the operator in a process of its own, told by {@link ReplicaOptions} as JSON. Its
 * parent can block its event loop, and turn its wall clock. Stops on SIGTERM; ends with 70 where the
 * election wants it to end.
 */
import { Registry } from 'prom-client';
import { runOperator } from '../../../src/controller/operator.ts';
import type { ElectionTimings } from '../../../src/kube/elector-timings.ts';
import { HttpKubeClient } from '../../../src/kube/http-client.ts';
import type { Credentials } from '../../../src/kube/kubeconfig.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { systemRandom } from '../../../src/lib/random.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { answerParent } from '../../support/answering.ts';

export interface ReplicaOptions {
  /** Where the API server is. */
  readonly server: string;
  /** As a `ClusterAccess` gives them: to read a kubeconfig takes longer than all else at the start. */
  readonly credentials: Credentials;
  readonly namespace: string;
  readonly name: string;
  /** What the API server's audit log shall know it by. */
  readonly userAgent: string;
  readonly controlPort: number;
  readonly timings: ElectionTimings;
}

/** What a replica can be asked for. */
export type ReplicaRequest =
  | { readonly kind: 'block'; readonly forMs: number }
  | { readonly kind: 'turn-clock'; readonly byMs: number };

const options = JSON.parse(process.argv[2] ?? '') as ReplicaOptions;
const { namespace } = options;
let turnedMs = 0;
const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + turnedMs };

answerParent((request: ReplicaRequest) => {
  switch (request.kind) {
    case 'block':
      // After the answer has left.
      setTimeout(() => {
        const endMs = performance.now() + request.forMs;
        while (performance.now() < endMs);
      }, 10);
      return undefined;
    case 'turn-clock':
      turnedMs += request.byMs;
      return undefined;
    default:
      return request satisfies never;
  }
});
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));

const client = new HttpKubeClient({
  access: {
    server: new URL(options.server),
    namespace,
    proxyUrl: undefined,
    credentials: () => Promise.resolve(options.credentials),
  },
  clock,
  random: systemRandom,
  userAgent: options.userAgent,
  rate: { perSecond: 200, burst: 200 },
});
await runOperator(
  {
    client,
    registry: new Registry(),
    namespace,
    podName: options.name,
    botNamespaces: [namespace],
    watchSecrets: false,
    defaultFleets: [],
    image: 'none',
    imagePullPolicy: 'Never',
    controlService: 'tenantbot-control',
    controlPort: options.controlPort,
    openHistory: undefined,
    healthPort: 0,
    timings: options.timings,
    clock,
    random: systemRandom,
    log: createLog({
      level: 'info',
      format: 'json',
      destination: { write: (line) => void process.stderr.write(line) },
    }),
    exit: () => process.exit(70),
  },
  stop.signal,
);
await client.close();
process.disconnect();
