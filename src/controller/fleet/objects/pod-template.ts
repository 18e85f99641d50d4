import type { BotFleetSpec } from '../../../api/bot-fleet.ts';
import { LONGEST_STOP_DRAIN_SECONDS } from '../../../api/stop.ts';
import { CONTROL_AUDIENCE } from '../../channel/shard-authenticator.ts';
import { fleetObjectName } from '../../names.ts';
import { fleetLabels, fleetSelector } from './fleet-meta.ts';
import {
  CA_FILE,
  CA_FOLDER,
  HEALTH_PORT,
  HEALTH_PORT_NAME,
  LINGER_SECONDS,
  SHUTDOWN_SECONDS,
  TOKEN_FILE,
  TOKEN_FOLDER,
  TOKEN_SECONDS,
  WEBHOOK_PORT,
  WEBHOOK_PORT_NAME,
} from './runtime-contract.ts';

/** What holds for the pods of all fleets. */
export interface PodDefaults {
  /** The operator's own image, for fleets that name none. */
  readonly image: string;
  readonly imagePullPolicy?: string;
  /** Where runtimes find the leader. */
  readonly controlUrl: string;
  /** Further settings of runtimes, as environment variables. */
  readonly runtimeEnv?: Readonly<Record<string, string>>;
}

/** What the pods of a fleet are made by. */
export interface PodOptions {
  readonly runtime: BotFleetSpec['runtime'];
  readonly takesWebhooks: boolean;
  readonly defaults: PodDefaults;
}

/**
 * A pod that hosts a shard. Whatever stands in here restarts the pods, one after the other, when it
 * changes; all else reaches the runtime while it runs. Keeps the restricted Pod Security standard.
 */
export function podTemplate(fleet: string, options: PodOptions): object {
  const { runtime } = options;
  const { imagePullSecrets, nodeSelector, tolerations, affinity } = runtime;
  return {
    metadata: { labels: fleetLabels(fleet) },
    spec: {
      serviceAccountName: fleetObjectName(fleet),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds:
        Math.min(runtime.drainSeconds, LONGEST_STOP_DRAIN_SECONDS) + SHUTDOWN_SECONDS,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container(fleet, options)],
      volumes: [
        { name: 'control-ca', configMap: { name: fleetObjectName(fleet) } },
        { name: 'control-token', projected: { sources: [{ serviceAccountToken: TOKEN }] } },
      ],
      imagePullSecrets,
      nodeSelector,
      tolerations,
      affinity,
      topologySpreadConstraints: options.runtime.topologySpreadConstraints?.map((constraint) => ({
        labelSelector: { matchLabels: fleetSelector(fleet) },
        ...constraint,
      })),
    },
  };
}

const TOKEN = { audience: CONTROL_AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: TOKEN_FILE };

function container(fleet: string, { runtime, takesWebhooks, defaults }: PodOptions): object {
  return {
    name: 'runtime',
    image: runtime.image ?? defaults.image,
    imagePullPolicy: runtime.imagePullPolicy ?? defaults.imagePullPolicy,
    args: ['runtime'],
    env: [
      ...(runtime.env ?? []),
      { name: 'TENANTBOT_CONTROL_URL', value: defaults.controlUrl },
      { name: 'TENANTBOT_CONTROL_CA', value: `${CA_FOLDER}/${CA_FILE}` },
      { name: 'TENANTBOT_CONTROL_TOKEN', value: `${TOKEN_FOLDER}/${TOKEN_FILE}` },
      { name: 'TENANTBOT_HEALTH_PORT', value: String(HEALTH_PORT) },
      { name: 'TENANTBOT_LOG_FORMAT', value: 'json' },
      ...Object.entries(defaults.runtimeEnv ?? {}).map(([name, value]) => ({ name, value })),
      ...(takesWebhooks ? webhookEnv(fleet) : []),
    ],
    ports: [
      { name: HEALTH_PORT_NAME, containerPort: HEALTH_PORT, protocol: 'TCP' },
      ...(takesWebhooks
        ? [{ name: WEBHOOK_PORT_NAME, containerPort: WEBHOOK_PORT, protocol: 'TCP' }]
        : []),
    ],
    resources: runtime.resources,
    startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 2, failureThreshold: 2 },
    ...(takesWebhooks && { lifecycle: { preStop: { sleep: { seconds: LINGER_SECONDS } } } }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [
      { name: 'control-ca', mountPath: CA_FOLDER, readOnly: true },
      { name: 'control-token', mountPath: TOKEN_FOLDER, readOnly: true },
    ],
  };
}

/** Pods find one another by the names that the headless Service gives them. */
function webhookEnv(fleet: string): readonly object[] {
  const name = fleetObjectName(fleet);
  return [
    { name: 'TENANTBOT_WEBHOOK_PORT', value: String(WEBHOOK_PORT) },
    { name: 'TENANTBOT_WEBHOOK_PEERS', value: `http://${name}-{shard}.${name}:${WEBHOOK_PORT}` },
    { name: 'TENANTBOT_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ];
}

function probe(path: string): object {
  return { httpGet: { path, port: HEALTH_PORT_NAME }, timeoutSeconds: 2 };
}
