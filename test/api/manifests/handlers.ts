import { DEFAULT_FORWARD_METHODS } from '../../../src/api/handlers.ts';
import { botWith, command, forward, type Row, reply, text } from './row.ts';

const HANDLER = 'spec.handlers[0]';
const EMOJI = '😀';

/** TenantBots whose handlers are good or bad. */
export const HANDLER_ROWS: readonly Row[] = [
  { name: 'one of each', manifest: botWith(command, text({ prefix: 'hi' }), forward()) },
  {
    name: 'two handlers in one entry',
    manifest: botWith({ ...command, ...text({ exact: 'hi' }) }),
    wrong: { path: HANDLER, says: 'a handler is exactly one of command, text' },
  },
  {
    name: 'an entry without a handler',
    manifest: botWith({}),
    wrong: { path: HANDLER, says: 'a handler is exactly one of command, text' },
  },
  ...['start', 'a', 'A_9', 'x'.repeat(32)].map((name) => ({
    name: `command ${name}`,
    manifest: botWith({ command: { name, reply: { text: 'Hi' } } }),
  })),
  ...['/start', '', 'two words', 'größe', 'x'.repeat(33), 'end\n'].map((name) => ({
    name: `command ${JSON.stringify(name)}`,
    manifest: botWith({ command: { name, reply: { text: 'Hi' } } }),
    wrong: { path: `${HANDLER}.command.name`, says: 'without the slash' },
  })),
  {
    name: 'command without a name',
    manifest: botWith({ command: { reply: { text: 'Hi' } } }),
    wrong: { path: `${HANDLER}.command.name`, says: 'is missing' },
  },
  {
    name: 'command without a reply',
    manifest: botWith({ command: { name: 'start' } }),
    wrong: { path: `${HANDLER}.command.reply`, says: 'is missing' },
  },
  {
    name: 'unknown parse mode',
    manifest: botWith(reply({ text: 'Hi', parseMode: 'Markdown' })),
    wrong: { path: `${HANDLER}.command.reply.parseMode`, says: 'must be one of None, HTML' },
  },
  ...[
    '{firstName} {username} {args} {botName}',
    '{{plain}} }}{{',
    '{{{firstName}}}',
    'a\nb\r\n\u2028c',
    EMOJI.repeat(4096),
    'x'.repeat(4096),
  ].map((value) => ({
    name: `reply ${JSON.stringify(value.slice(0, 40))} of ${value.length}`,
    manifest: botWith(reply({ text: value })),
  })),
  ...['{lastName}', '{', 'a } b', '{ firstName }', '{{firstName}', '{}', '{first\nName}'].map(
    (value) => ({
      name: `reply ${JSON.stringify(value)}`,
      manifest: botWith(reply({ text: value })),
      wrong: { path: `${HANDLER}.command.reply.text`, says: '' },
    }),
  ),
  {
    name: 'unknown placeholder',
    manifest: botWith(reply({ text: 'Hello {firstname}' })),
    wrong: { path: `${HANDLER}.command.reply.text`, says: 'did you mean {firstName}' },
  },
  {
    name: 'empty reply',
    manifest: botWith(reply({ text: '' })),
    wrong: { path: `${HANDLER}.command.reply.text`, says: 'must have at least 1 character' },
  },
  ...[EMOJI.repeat(4097), 'x'.repeat(4097)].map((value) => ({
    name: `reply of 4097 characters, ${value.length} units`,
    manifest: botWith(reply({ text: value })),
    wrong: { path: `${HANDLER}.command.reply.text`, says: 'must have at most 4096 characters' },
  })),
  ...[{ exact: 'a', prefix: 'b' }, {}, { exact: 'a', prefix: 'b', pattern: 'c' }].map((match) => ({
    name: `text matched by [${Object.keys(match)}]`,
    manifest: botWith(text(match)),
    wrong: { path: `${HANDLER}.text`, says: 'give exactly one of exact, prefix and pattern' },
  })),
  {
    name: 'empty exact',
    manifest: botWith(text({ exact: '' })),
    wrong: { path: `${HANDLER}.text.exact`, says: 'must have at least 1 character' },
  },
  { name: 'exact of 512 emoji', manifest: botWith(text({ exact: EMOJI.repeat(512) })) },
  {
    name: 'exact of 513 emoji',
    manifest: botWith(text({ exact: EMOJI.repeat(513) })),
    wrong: { path: `${HANDLER}.text.exact`, says: 'must have at most 512 characters' },
  },
  ...goodPatterns().map((pattern) => ({
    name: `pattern ${pattern.slice(0, 40)}`,
    manifest: botWith(text({ pattern })),
  })),
  {
    name: 'pattern with an open group, and what RE2 says of it',
    manifest: botWith(text({ pattern: '(a' })),
    wrong: { path: `${HANDLER}.text.pattern`, says: 'that RE2 understands: missing closing )' },
  },
  ...badPatterns().map((pattern) => ({
    name: `pattern ${pattern.slice(0, 40)}`,
    manifest: botWith(text({ pattern })),
    wrong: {
      path: `${HANDLER}.text.pattern`,
      says: 'is not a regular expression that RE2 understands',
    },
  })),
  ...[
    'http://bots.example.com',
    'https://bots.example.com:8443/a/b?c=d&e=%20',
    'http://[::1]:8080/',
    'https://example.com?x',
    'http://localhost:3000/user@host',
  ].map((url) => ({ name: `url ${url}`, manifest: botWith(forward({ url })) })),
  ...[
    'https://user:password@example.com/',
    'https://user@example.com',
    'https://example.com/#part',
    'ftp://example.com/',
    'HTTPS://example.com/',
    'example.com',
    '',
    'https:///path',
    'https://exa mple.com',
    'https://example.com/ä',
  ].map((url) => ({
    name: `url ${JSON.stringify(url)}`,
    manifest: botWith(forward({ url })),
    wrong: { path: `${HANDLER}.forward.url`, says: 'without user, password or fragment' },
  })),
  {
    name: 'url of 2049',
    manifest: botWith(forward({ url: `https://example.com/${'x'.repeat(2029)}` })),
    wrong: { path: `${HANDLER}.forward.url`, says: 'must have at most 2048 characters' },
  },
  {
    name: 'forward without a signing key',
    manifest: botWith(forward({ signingSecretRef: undefined })),
    wrong: { path: `${HANDLER}.forward.signingSecretRef`, says: 'is missing' },
  },
  { name: 'the default methods', manifest: botWith(forward({ methods: DEFAULT_FORWARD_METHODS })) },
  ...[
    'getUpdates',
    'setWebhook',
    'deleteWebhook',
    'close',
    'logOut',
    'getupdates',
    'setwebhook',
  ].map((method) => ({
    name: `managed method ${method}`,
    manifest: botWith(forward({ methods: ['sendMessage', method] })),
    wrong: { path: `${HANDLER}.forward.methods[1]`, says: "are the operator's own" },
  })),
  ...['SendMessage', 'ab', '', 'send_message', 'sendMessage/'].map((method) => ({
    name: `method "${method}"`,
    manifest: botWith(forward({ methods: [method] })),
    wrong: { path: `${HANDLER}.forward.methods[0]`, says: 'must be the name of a Bot API method' },
  })),
  {
    name: 'no methods',
    manifest: botWith(forward({ methods: [] })),
    wrong: { path: `${HANDLER}.forward.methods`, says: 'must have at least 1 entry, has 0' },
  },
  {
    name: '65 methods',
    manifest: botWith(forward({ methods: Array.from({ length: 65 }, () => 'sendMessage') })),
    wrong: { path: `${HANDLER}.forward.methods`, says: 'must have at most 64 entries, has 65' },
  },
  ...[0, 61, -1].map((timeoutSeconds) => ({
    name: `timeoutSeconds ${timeoutSeconds}`,
    manifest: botWith(forward({ timeoutSeconds })),
    wrong: { path: `${HANDLER}.forward.timeoutSeconds`, says: 'must be at' },
  })),
  {
    name: 'forward with everything',
    manifest: botWith(
      forward({
        updates: ['callback_query', 'chat_member'],
        timeoutSeconds: 60,
        errorReply: { text: 'Sorry, {firstName}.', parseMode: 'MarkdownV2' },
      }),
    ),
  },
];

/** Patterns that RE2 runs in linear time, the catastrophic ones of other engines among them. */
function goodPatterns(): string[] {
  return [
    '^(a+)+$',
    '(x+x+)+y',
    '(?i)hello|bye',
    '\\bword\\b',
    '\\p{Greek}+\\d{1,1000}',
    '(?P<name>a)(?<other>b)',
    '[[:alpha:]]',
    '\\Qa.b\\E',
    '\\x{1F600}',
    EMOJI,
    '()|',
    '\\z',
  ];
}

function badPatterns(): string[] {
  return [
    '(',
    '[a',
    'a{1001}',
    '(?=ahead)',
    '(?!ahead)',
    '(?<=behind)x',
    '(?<!behind)x',
    '(a)\\1',
    '*',
    '\\',
    '[z-a]',
    '\\p{Nonsense}',
    'a++',
    'a**',
    '(?>atomic)',
    '\\Z',
    '\\u0041',
    '((a{100}){100}){100}',
  ];
}
