import { bot, botWith, type Row } from './row.ts';

const GATE = 'spec.handlers[0].membershipGate';

type Fields = Record<string, unknown>;

/** A TenantBot with a gate before the channel @news, with `fields` on top. */
const gate = (fields: Fields) =>
  botWith({ membershipGate: { requires: [{ chat: '@news' }], ...fields } });
const requires = (...chats: readonly Fields[]) => gate({ requires: chats });

/** TenantBots whose membership gates and proofs of ownership are good or bad. */
export const GATE_ROWS: readonly Row[] = [
  { name: 'gate with nothing but a chat', manifest: gate({}) },
  {
    name: 'gate with all that there is',
    manifest: gate({
      requires: [
        { chat: '@news_of_tea', title: 'News' },
        { chat: '-1001234567890', title: 'Friends', joinUrl: 'https://t.me/+AbC_d-9' },
      ],
      prompt: {
        text: 'Hi {firstName}, {{join}} *us*',
        parseMode: 'MarkdownV2',
        joinButton: 'Go to',
        verifyButton: 'Done',
        welcome: 'Fine',
        notYet: 'No',
        notYours: 'Not you',
      },
      promptPrivately: true,
      restrictUntilVerified: false,
      onLeave: 'Ignore',
      recheckSeconds: 30,
      exemptAdmins: false,
      failurePolicy: 'Fail',
    }),
  },
  {
    name: 'gate before no chat',
    manifest: requires(),
    wrong: { path: `${GATE}.requires`, says: 'must have at least 1 entry' },
  },
  {
    name: 'gate before eleven chats',
    manifest: requires(...Array.from({ length: 11 }, (_, n) => ({ chat: `@news_${n}` }))),
    wrong: { path: `${GATE}.requires`, says: 'must have at most 10 entries' },
  },
  ...['news', '@', '@abc', '@1abcd', '100', '-0', '@news ', 'https://t.me/news', ''].map(
    (chat) => ({
      name: `gate before chat ${JSON.stringify(chat)}`,
      manifest: requires({ chat, joinUrl: 'https://t.me/news' }),
      wrong: { path: `${GATE}.requires[0].chat`, says: 'must be the @username of a channel' },
    }),
  ),
  {
    name: 'gate before a chat whose id is no text',
    manifest: requires({ chat: -1001234567890, joinUrl: 'https://t.me/+x' }),
    wrong: { path: `${GATE}.requires[0].chat`, says: 'put it in quotes' },
  },
  {
    name: 'gate before a chat that nobody could join',
    manifest: requires({ chat: '-1001234567890' }),
    wrong: { path: `${GATE}.requires[0]`, says: 'needs a joinUrl (an invite link)' },
  },
  ...['http://t.me/news', 'https://example.com/', 'https://t.me/', 'https://t.me/a b'].map(
    (joinUrl) => ({
      name: `gate whose chat is joined at ${joinUrl}`,
      manifest: requires({ chat: '@news', joinUrl }),
      wrong: { path: `${GATE}.requires[0].joinUrl`, says: 'must be an https://t.me/ address' },
    }),
  ),
  {
    name: 'gate with an unknown placeholder',
    manifest: gate({ prompt: { text: 'Hi {name}' } }),
    wrong: { path: `${GATE}.prompt.text`, says: 'placeholder' },
  },
  {
    name: 'gate with a button without text',
    manifest: gate({ prompt: { verifyButton: '' } }),
    wrong: { path: `${GATE}.prompt.verifyButton`, says: 'must have at least 1 character' },
  },
  {
    name: 'gate that answers with more than a press can show',
    manifest: gate({ prompt: { notYet: 'x'.repeat(201) } }),
    wrong: { path: `${GATE}.prompt.notYet`, says: 'must have at most 200 characters' },
  },
  {
    name: 'gate that looks every second',
    manifest: gate({ recheckSeconds: 1 }),
    wrong: { path: `${GATE}.recheckSeconds`, says: 'must be at least 30' },
  },
  {
    name: 'gate with an unknown failure policy',
    manifest: gate({ failurePolicy: 'Open' }),
    wrong: { path: `${GATE}.failurePolicy`, says: 'must be one of Ignore, Fail' },
  },
  { name: 'proof of ownership', manifest: bot({ ownership: { required: true } }) },
  {
    name: 'proof of ownership, asked for by a word',
    manifest: bot({ ownership: { required: 'yes' } }),
    wrong: { path: 'spec.ownership.required', says: 'must be true or false' },
  },
];
