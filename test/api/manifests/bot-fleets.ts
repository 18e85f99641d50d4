import { fleet, type Row } from './row.ts';

const certificate = (body: string) =>
  `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;

/** `spec.runtime` with every field. */
export const FULL_RUNTIME = {
  image: 'registry.example.com:5000/tenantbot@sha256:0123456789abcdef',
  imagePullPolicy: 'IfNotPresent',
  imagePullSecrets: [{ name: 'registry' }],
  resources: {
    requests: { cpu: 1, memory: '1.5Gi' },
    limits: { cpu: '1500m', memory: 2 ** 31 },
  },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [
    {
      key: 'bots',
      operator: 'Equal',
      value: 'yes',
      effect: 'NoExecute',
      tolerationSeconds: 5,
    },
    { operator: 'Exists' },
  ],
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: {} },
      ],
    },
  },
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'topology.kubernetes.io/zone',
      whenUnsatisfiable: 'ScheduleAnyway',
    },
  ],
  env: [
    { name: 'HTTPS_PROXY', value: 'http://proxy.example.com' },
    { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
  ],
  drainSeconds: 300,
};

/** BotFleets, good and bad. */
export const BOT_FLEET_ROWS: readonly Row[] = [
  { name: 'fleet without spec', manifest: fleet() },
  { name: 'fleet with an empty spec', manifest: fleet({}) },
  { name: 'fleet with empty parts', manifest: fleet({ telegram: {}, sharding: {}, runtime: {} }) },
  { name: 'fleet with a null part', manifest: fleet({ telegram: null }) },
  {
    name: 'fleet with everything',
    manifest: fleet({
      telegram: {
        apiRoot: 'https://bots.example.com:8081/x',
        http2: true,
        caBundle: certificate('MII'),
      },
      sharding: { botsPerShard: 10_000, minShards: 1000, maxShards: 1000 },
      runtime: FULL_RUNTIME,
      tenancy: {
        namespaceSelector: {
          matchLabels: { team: 'shop' },
          matchExpressions: [
            { key: 'stage', operator: 'In', values: ['test', 'live'] },
            { key: 'blocked', operator: 'DoesNotExist' },
          ],
        },
        maxBotsPerNamespace: 20,
        allowedForwardHosts: ['bots.example.com', '*.svc.cluster.local', '10.0.0.1'],
      },
    }),
  },
  {
    name: 'fleet whose resources are empty',
    manifest: fleet({ runtime: { resources: {}, env: [], tolerations: [] } }),
  },
  {
    name: 'fleet with nulls in parts that are passed on',
    manifest: fleet({
      runtime: { resources: null, affinity: { nodeAffinity: null }, nodeSelector: { a: null } },
      tenancy: { namespaceSelector: null, allowedForwardHosts: null },
    }),
  },
  {
    name: 'fleet with an unknown field',
    manifest: fleet({ telegram: { apiroot: 'https://x' } }),
    wrong: { path: 'spec.telegram.apiroot', says: 'did you mean apiRoot?' },
  },
  ...['https://u:p@example.com', 'https://example.com?a', 'https://example.com/#a', 'api', ''].map(
    (apiRoot) => ({
      name: `apiRoot "${apiRoot}"`,
      manifest: fleet({ telegram: { apiRoot } }),
      wrong: { path: 'spec.telegram.apiRoot', says: 'must be an http:// or https:// address' },
    }),
  ),
  {
    name: 'http2 as a number',
    manifest: fleet({ telegram: { http2: 1 } }),
    wrong: { path: 'spec.telegram.http2', says: 'must be true or false, is a number' },
  },
  ...['no certificate', '-----BEGIN CERTIFICATE----------END CERTIFICATE-----'].map((caBundle) => ({
    name: `caBundle "${caBundle}"`,
    manifest: fleet({ telegram: { caBundle } }),
    wrong: { path: 'spec.telegram.caBundle', says: 'certificates in PEM form' },
  })),
  {
    name: 'caBundle of two certificates and a blank line',
    manifest: fleet({ telegram: { caBundle: `${certificate('A')}${certificate('B')}\r\n\t ` } }),
  },
  {
    name: 'caBundle with a comment in emoji, counted in characters',
    manifest: fleet({ telegram: { caBundle: certificate('😀'.repeat(65_000)) } }),
  },
  {
    name: 'caBundle that is too long',
    manifest: fleet({ telegram: { caBundle: certificate('x'.repeat(65_536)) } }),
    wrong: { path: 'spec.telegram.caBundle', says: 'must have at most 65536 characters' },
  },
  {
    name: 'caBundle with another kind of space at the end',
    manifest: fleet({ telegram: { caBundle: `${certificate('A')}\u00a0` } }),
    wrong: { path: 'spec.telegram.caBundle', says: 'certificates in PEM form' },
  },
  ...['far.away', 'x'.repeat(43)].map((name) => ({
    name: `fleet named ${name}, which labels of its pods could not hold`,
    manifest: { ...fleet(), metadata: { name } },
    wrong: { path: '', says: 'metadata.name must have at most 42 characters and no dot' },
  })),
  {
    name: 'fleet with the longest name',
    manifest: { ...fleet(), metadata: { name: 'x'.repeat(42) } },
  },
  ...[0, 10_001].map((botsPerShard) => ({
    name: `botsPerShard ${botsPerShard}`,
    manifest: fleet({ sharding: { botsPerShard } }),
    wrong: { path: 'spec.sharding.botsPerShard', says: 'must be at' },
  })),
  ...[0, 1001].flatMap((shards) =>
    ['minShards', 'maxShards'].map((field) => ({
      name: `${field} ${shards}`,
      manifest: fleet({ sharding: { [field]: shards } }),
      wrong: { path: `spec.sharding.${field}`, says: 'must be at' },
    })),
  ),
  {
    name: 'minShards above maxShards',
    manifest: fleet({ sharding: { minShards: 3, maxShards: 2 } }),
    wrong: { path: 'spec.sharding', says: 'minShards must not be above maxShards' },
  },
  {
    name: 'minShards above the default of maxShards',
    manifest: fleet({ sharding: { minShards: 101 } }),
    wrong: { path: 'spec.sharding', says: 'minShards must not be above maxShards' },
  },
  ...['', ' x', 'a b', '-x'].map((image) => ({
    name: `image "${image}"`,
    manifest: fleet({ runtime: { image } }),
    wrong: { path: 'spec.runtime.image', says: 'must' },
  })),
  ...['a lot', '1 Gi', '-1', '1e3', '0.5x', ''].map((memory) => ({
    name: `memory "${memory}"`,
    manifest: fleet({ runtime: { resources: { limits: { memory } } } }),
    wrong: { path: 'spec.runtime.resources.limits.memory', says: 'must be an amount' },
  })),
  ...[-1, 0.5, 2 ** 51, true].map((cpu) => ({
    name: `cpu as ${cpu}`,
    manifest: fleet({ runtime: { resources: { requests: { cpu } } } }),
    wrong: { path: 'spec.runtime.resources.requests.cpu', says: 'must be a' },
  })),
  {
    name: 'toleration with a misspelt field',
    manifest: fleet({ runtime: { tolerations: [{ efect: 'NoSchedule' }] } }),
    wrong: { path: 'spec.runtime.tolerations[0].efect', says: 'did you mean effect?' },
  },
  {
    name: 'affinity with a misspelt field',
    manifest: fleet({ runtime: { affinity: { podAfinity: {} } } }),
    wrong: { path: 'spec.runtime.affinity.podAfinity', says: 'did you mean podAffinity?' },
  },
  {
    name: 'affinity that is no object',
    manifest: fleet({ runtime: { affinity: { nodeAffinity: [] } } }),
    wrong: { path: 'spec.runtime.affinity.nodeAffinity', says: 'must be an object, is a list' },
  },
  {
    name: 'variable of the operator',
    manifest: fleet({ runtime: { env: [{ name: 'TENANTBOT_X', value: '1' }] } }),
    wrong: { path: 'spec.runtime.env[0]', says: 'are set by the operator' },
  },
  {
    name: 'variable with a bad name',
    manifest: fleet({ runtime: { env: [{ name: '1A', value: '1' }] } }),
    wrong: { path: 'spec.runtime.env[0].name', says: 'must consist of letters' },
  },
  {
    name: 'variable named twice',
    manifest: fleet({ runtime: { env: [{ name: 'A' }, { name: 'B' }, { name: 'A' }] } }),
    wrong: { path: 'spec.runtime.env[2]', says: 'names A once more' },
  },
  ...[
    { key: 'a', operator: 'In' },
    { key: 'a', operator: 'NotIn', values: [] },
    { key: 'a', operator: 'Exists', values: ['b'] },
  ].map((requirement) => ({
    name: `namespaceSelector ${JSON.stringify(requirement)}`,
    manifest: fleet({ tenancy: { namespaceSelector: { matchExpressions: [requirement] } } }),
    wrong: {
      path: 'spec.tenancy.namespaceSelector.matchExpressions[0]',
      says: 'values must be given for In and NotIn',
    },
  })),
  ...[
    'https://bots.example.com',
    'https://bots.example.com:8443/a/b/',
    'https://203.0.113.7:88',
    'http://127.0.0.1:8080',
    'http://localhost:1/x',
    'http://[::1]:8080',
  ].map((publicUrl) => ({
    name: `publicUrl "${publicUrl}"`,
    manifest: fleet({ webhook: { publicUrl } }),
  })),
  {
    name: 'publicUrl that only a Bot API server of our own takes',
    manifest: fleet({
      telegram: { apiRoot: 'http://bot-api.default.svc:8081' },
      webhook: { publicUrl: 'http://hooks.example:8080/x', maxConnections: 100 },
    }),
  },
  ...[
    'http://bots.example.com',
    'https://bots.example.com:8080',
    'https://bots.example.com:4430',
    'http://127.0.0.1.example.com',
    'https://[2001:db8::1]:443',
  ].map((publicUrl) => ({
    name: `publicUrl "${publicUrl}"`,
    manifest: fleet({ webhook: { publicUrl } }),
    wrong: { path: 'spec', says: 'webhook.publicUrl must be an https:// address' },
  })),
  ...[
    'bots.example.com',
    'https://bots.example.com/?a',
    'https://u@bots.example.com',
    'ftp://a',
    '',
  ].map((publicUrl) => ({
    name: `publicUrl "${publicUrl}"`,
    manifest: fleet({ webhook: { publicUrl } }),
    wrong: { path: 'spec.webhook.publicUrl', says: 'must be an address such as https://' },
  })),
  {
    name: 'webhook without an address',
    manifest: fleet({ webhook: {} }),
    wrong: { path: 'spec.webhook.publicUrl', says: 'is missing' },
  },
  ...[0, 101].map((maxConnections) => ({
    name: `maxConnections ${maxConnections}`,
    manifest: fleet({ webhook: { publicUrl: 'https://bots.example.com', maxConnections } }),
    wrong: { path: 'spec.webhook.maxConnections', says: 'must be at' },
  })),
  {
    name: 'maxBotsPerNamespace 0',
    manifest: fleet({ tenancy: { maxBotsPerNamespace: 0 } }),
    wrong: { path: 'spec.tenancy.maxBotsPerNamespace', says: 'must be at least 1' },
  },
  { name: 'no forward hosts at all', manifest: fleet({ tenancy: { allowedForwardHosts: [] } }) },
  ...['https://example.com', 'Example.com', '*', '*.*.com', 'a.*', 'example.com:443'].map(
    (host) => ({
      name: `forward host "${host}"`,
      manifest: fleet({ tenancy: { allowedForwardHosts: [host] } }),
      wrong: { path: 'spec.tenancy.allowedForwardHosts[0]', says: 'must be a host in lower case' },
    }),
  ),
  ...[0, 301].map((drainSeconds) => ({
    name: `drainSeconds ${drainSeconds}`,
    manifest: fleet({ runtime: { drainSeconds } }),
    wrong: { path: 'spec.runtime.drainSeconds', says: 'must be at' },
  })),
];
