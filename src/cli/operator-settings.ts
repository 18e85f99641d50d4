import { z } from 'zod';
import { ADMIN_SETTINGS } from './admin-settings.ts';
import { retention } from './retention-setting.ts';
import {
  botMetrics,
  flag,
  list,
  logFormat,
  logLevel,
  otlpEndpoint,
  port,
  positive,
  text,
  traceRatio,
  wholeNumber,
} from './setting-types.ts';

const operatorSettingsSchema = z.strictObject({
  kubeconfig: text.optional().describe('kubeconfig file; the pod that this runs in unless given'),
  namespace: text.describe("the operator's own namespace: fleets and their pods live there"),
  podName: text.describe('name of this replica, new for each pod'),
  watchNamespaces: list.optional().describe('namespaces that bots may live in; all unless given'),
  watchSecrets: flag
    .default(false)
    .describe('watch Secrets, so that a new token is in effect at once'),
  image: text.describe('image of runtime pods, where a fleet names none'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .default('IfNotPresent')
    .describe('of runtime pods, where a fleet says nothing'),
  fleets: text.optional().describe('YAML file with BotFleets to apply at the start'),
  controlService: text
    .default('tenantbot-control')
    .describe('name of the Service that leads runtime pods to the leader'),
  controlPort: port.default(9443).describe('port for runtime pods'),
  healthPort: port.default(8080).describe('port for probes and metrics'),
  ...ADMIN_SETTINGS,
  botMetrics,
  otlpEndpoint,
  traceRatio,
  databaseUrlFile: text
    .optional()
    .describe('file with the address of the database of the history; none is kept unless given'),
  databaseCa: text
    .optional()
    .describe('file with the certificates (PEM) that the own of the database is checked against'),
  databaseConnections: wholeNumber(2, 100)
    .default(4)
    .describe('connections to the database at most'),
  databaseStatementSeconds: positive
    .default(10)
    .describe('how long the database may take for a statement'),
  retention: retention
    .optional()
    .describe('for how many days what is kept of what, such as transitions=90,audit=730'),
  leaseSeconds: positive.default(6).describe('how long a leader that is silent stays leader'),
  renewSeconds: positive.default(4).describe('how long the leader tries to renew before it yields'),
  retrySeconds: positive.default(1).describe('pause between tries'),
  apiRequestsPerSecond: positive.default(100).describe('requests a second to the API server'),
  apiBurst: positive.default(200).describe('requests at once after a quiet time'),
  logLevel,
  logFormat: logFormat('json'),
});

/** What `tenantbot operator` is told. */
export const OPERATOR_SETTINGS = {
  schema: operatorSettingsSchema,
  paths: new Set([
    'kubeconfig',
    'fleets',
    'databaseUrlFile',
    'databaseCa',
    'adminCertificate',
    'adminKey',
  ]),
};

export type OperatorSettings = z.output<typeof operatorSettingsSchema>;
