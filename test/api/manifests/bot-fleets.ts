import { fleet, type Row } from './row.ts';

const certificate = (body: string) =>
  `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;

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
      sharding: { botsPerShard: 10_000 },
      runtime: { drainSeconds: 300 },
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
  ...['far.away', 'x'.repeat(64)].map((name) => ({
    name: `fleet named ${name}, which no spec.fleet can name`,
    manifest: { ...fleet(), metadata: { name } },
    wrong: { path: '', says: 'metadata.name must have at most 63 characters and no dot' },
  })),
  {
    name: 'fleet with the longest name',
    manifest: { ...fleet(), metadata: { name: 'x'.repeat(63) } },
  },
  ...[0, 10_001].map((botsPerShard) => ({
    name: `botsPerShard ${botsPerShard}`,
    manifest: fleet({ sharding: { botsPerShard } }),
    wrong: { path: 'spec.sharding.botsPerShard', says: 'must be at' },
  })),
  ...[0, 301].map((drainSeconds) => ({
    name: `drainSeconds ${drainSeconds}`,
    manifest: fleet({ runtime: { drainSeconds } }),
    wrong: { path: 'spec.runtime.drainSeconds', says: 'must be at' },
  })),
];
