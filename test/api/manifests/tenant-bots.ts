import { bot, botWith, command, type Row, text } from './row.ts';

const NO_KNOWN = 'is not a known field';

/** TenantBots, good and bad: everything but what is inside a handler. */
export const TENANT_BOT_ROWS: readonly Row[] = [
  { name: 'all defaults', manifest: bot() },
  {
    name: 'everything given',
    manifest: bot({
      fleet: 'canary',
      tokenSecretRef: { name: 'a.b-c', key: 'Bot_Token.v1' },
      suspended: true,
      updates: {
        mode: 'Webhook',
        allowedUpdates: ['message', 'poll'],
        dropPending: true,
        maxConcurrent: 100,
      },
      logLevel: 'debug',
    }),
  },
  {
    name: 'nulls where there are defaults',
    manifest: bot({ fleet: null, suspended: null, updates: { maxConcurrent: null } }),
  },
  { name: 'null for an object with defaults', manifest: bot({ updates: null }) },
  { name: 'null where nothing is needed', manifest: botWith({ ...command, text: null }) },
  {
    name: 'null for a required field',
    manifest: bot({ tokenSecretRef: null }),
    wrong: { path: 'spec.tokenSecretRef', says: 'is missing' },
  },
  {
    name: 'null in a list',
    manifest: botWith(command, null),
    wrong: { path: 'spec.handlers[1]', says: 'must be an object, is empty' },
  },
  {
    name: 'a way to get updates that there is not',
    manifest: bot({ updates: { mode: 'Push' } }),
    wrong: { path: 'spec.updates.mode', says: 'must be one of' },
  },
  {
    name: 'no spec',
    manifest: { ...bot(), spec: undefined },
    wrong: { path: 'spec', says: 'is missing' },
  },
  {
    name: 'no token reference',
    manifest: bot({ tokenSecretRef: undefined }),
    wrong: { path: 'spec.tokenSecretRef', says: 'is missing' },
  },
  {
    name: 'unknown field in spec',
    manifest: bot({ handlerz: [] }),
    wrong: { path: 'spec.handlerz', says: `${NO_KNOWN}; did you mean handlers?` },
  },
  {
    name: 'unknown field beside spec',
    manifest: { ...bot(), specs: {} },
    wrong: { path: 'specs', says: 'did you mean spec?' },
  },
  {
    name: 'unknown field in metadata',
    manifest: { ...bot(), metadata: { name: 'greeter', lables: {} } },
    wrong: { path: 'metadata.lables', says: 'did you mean labels?' },
  },
  {
    name: 'unknown field that is null',
    manifest: bot({ suspend: null }),
    wrong: { path: 'spec.suspend', says: 'did you mean suspended?' },
  },
  {
    name: 'unknown field with the name of something that every object has',
    manifest: bot({ constructor: null }),
    wrong: { path: 'spec.constructor', says: NO_KNOWN },
  },
  {
    name: 'unknown field deep in a handler',
    manifest: botWith({ command: { name: 'start', reply: { text: 'Hi', parsemode: 'HTML' } } }),
    wrong: { path: 'spec.handlers[0].command.reply.parsemode', says: 'did you mean parseMode?' },
  },
  {
    name: 'text where true or false belongs',
    manifest: bot({ suspended: 'yes' }),
    wrong: { path: 'spec.suspended', says: 'must be true or false, is text' },
  },
  {
    name: 'text where a number belongs',
    manifest: bot({ updates: { maxConcurrent: '10' } }),
    wrong: { path: 'spec.updates.maxConcurrent', says: 'must be a whole number, is text' },
  },
  {
    name: 'a fraction where a whole number belongs',
    manifest: bot({ updates: { maxConcurrent: 1.5 } }),
    wrong: { path: 'spec.updates.maxConcurrent', says: 'must be a whole number' },
  },
  {
    name: 'a number where text belongs',
    manifest: bot({ fleet: 7 }),
    wrong: { path: 'spec.fleet', says: 'must be text, is a number; put it in quotes' },
  },
  {
    name: 'text where a list belongs',
    manifest: bot({ handlers: 'all' }),
    wrong: { path: 'spec.handlers', says: 'must be a list, is text' },
  },
  {
    name: 'a list where an object belongs',
    manifest: bot({ updates: [] }),
    wrong: { path: 'spec.updates', says: 'must be an object, is a list' },
  },
  {
    name: 'no handlers',
    manifest: bot({ handlers: [] }),
    wrong: { path: 'spec.handlers', says: 'must have at least 1 entry, has 0' },
  },
  {
    name: '100 handlers, each with a pattern',
    manifest: botWith(...Array.from({ length: 100 }, () => text({ pattern: '^(a|b)+$' }))),
  },
  {
    name: '101 handlers',
    manifest: botWith(...Array.from({ length: 101 }, () => command)),
    wrong: { path: 'spec.handlers', says: 'must have at most 100 entries, has 101' },
  },
  ...['Upper', 'under_score', '-begins', 'ends-', 'two..dots', 'with space', ''].map((name) => ({
    name: `Secret name "${name}"`,
    manifest: bot({ tokenSecretRef: { name } }),
    wrong: { path: 'spec.tokenSecretRef.name', says: 'must be the name of a Secret' },
  })),
  { name: 'Secret name of 253', manifest: bot({ tokenSecretRef: { name: 'a'.repeat(253) } }) },
  {
    name: 'Secret name of 254',
    manifest: bot({ tokenSecretRef: { name: 'a'.repeat(254) } }),
    wrong: { path: 'spec.tokenSecretRef.name', says: 'must have at most 253 characters' },
  },
  ...['a/b', 'a b', 'ä', ''].map((key) => ({
    name: `Secret key "${key}"`,
    manifest: bot({ tokenSecretRef: { name: 'x', key } }),
    wrong: { path: 'spec.tokenSecretRef.key', says: 'must be a key of a Secret' },
  })),
  ...['', 'a.b', 'A', 'ends\n'].map((name) => ({
    name: `fleet ${JSON.stringify(name)}`,
    manifest: bot({ fleet: name }),
    wrong: { path: 'spec.fleet', says: 'must be the name of a BotFleet' },
  })),
  ...['Info', '', 'trace'].map((logLevel) => ({
    name: `log level "${logLevel}"`,
    manifest: bot({ logLevel }),
    wrong: { path: 'spec.logLevel', says: 'must be one of debug, info, warn, error' },
  })),
  {
    name: 'unknown kind of update',
    manifest: bot({ updates: { allowedUpdates: ['message', 'messages'] } }),
    wrong: { path: 'spec.updates.allowedUpdates[1]', says: 'must be one of message,' },
  },
  {
    name: 'no kind of update',
    manifest: bot({ updates: { allowedUpdates: [] } }),
    wrong: { path: 'spec.updates.allowedUpdates', says: 'must have at least 1 entry, has 0' },
  },
  {
    name: 'the same kind of update twice',
    manifest: bot({ updates: { allowedUpdates: ['poll', 'poll'] } }),
  },
  ...[1, 100].map((maxConcurrent) => ({
    name: `maxConcurrent ${maxConcurrent}`,
    manifest: bot({ updates: { maxConcurrent } }),
  })),
  {
    name: 'maxConcurrent 0',
    manifest: bot({ updates: { maxConcurrent: 0 } }),
    wrong: { path: 'spec.updates.maxConcurrent', says: 'must be at least 1, is 0' },
  },
  ...[101, 2 ** 53, 1e300].map((maxConcurrent) => ({
    name: `maxConcurrent ${maxConcurrent}`,
    manifest: bot({ updates: { maxConcurrent } }),
    wrong: { path: 'spec.updates.maxConcurrent', says: 'must be' },
  })),
];
