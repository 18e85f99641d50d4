import { bot, botWith, command, type Row, reply } from './row.ts';

const HANDLER = 'spec.handlers[0]';
const REPLY = `${HANDLER}.command.reply`;
const FILE_ID = 'AgACAgIAAxkBAAIBZ2';
const EURO = '€';

const button = (fields: object) => botWith(reply({ text: 'Hi', buttons: [[fields]] }));
const callback = (fields: object) => botWith({ callback: fields });
const joinRequest = (fields: object) => botWith({ joinRequest: fields });

/** TenantBots whose replies, buttons and answers to presses are good or bad. */
export const REPLY_ROWS: readonly Row[] = [
  ...[
    { photo: 'https://example.com/cat.png', text: 'x'.repeat(1024) },
    { document: FILE_ID },
    { text: 'Hi', buttons: [[{ text: 'Go', url: 'tg://resolve?domain=x' }]] },
    { text: 'Hi', buttons: [[{ text: 'Go', callback: EURO.repeat(21) }]] },
  ].map((fields) => ({
    name: `reply ${JSON.stringify(fields).slice(0, 70)}`,
    manifest: botWith(reply(fields)),
  })),
  ...[{}, { parseMode: 'HTML' }, { photo: FILE_ID, document: FILE_ID }].map((fields) => ({
    name: `reply with nothing or too much: ${JSON.stringify(fields)}`,
    manifest: botWith(reply(fields)),
    wrong: { path: REPLY, says: 'give text, and at most one of photo and document' },
  })),
  {
    name: 'text too long for a photo',
    manifest: botWith(reply({ photo: FILE_ID, text: 'x'.repeat(1025) })),
    wrong: { path: REPLY, says: 'at most 1024 characters' },
  },
  ...['ftp://example.com/a', 'short', 'https://example.com/a b'].map((photo) => ({
    name: `photo ${photo}`,
    manifest: botWith(reply({ photo })),
    wrong: { path: `${REPLY}.photo`, says: 'an http:// or https:// address, or the file_id' },
  })),
  ...[{ text: 'Go' }, { text: 'Go', url: 'https://example.com', callback: 'x' }].map((fields) => ({
    name: `button ${JSON.stringify(fields)}`,
    manifest: button(fields),
    wrong: { path: `${REPLY}.buttons[0][0]`, says: 'exactly one of callback and url' },
  })),
  {
    name: 'data of a button with too many bytes',
    manifest: button({ text: 'Go', callback: EURO.repeat(22) }),
    wrong: { path: `${REPLY}.buttons[0][0].callback`, says: 'at most 64 bytes' },
  },
  {
    name: 'button to an odd address',
    manifest: button({ text: 'Go', url: 'javascript:alert(1)' }),
    wrong: { path: `${REPLY}.buttons[0][0].url`, says: 'must be an http://' },
  },
  { name: 'callback with an answer', manifest: callback({ data: 'x', answer: { text: 'Done' } }) },
  { name: 'callback with an edit', manifest: callback({ prefix: 'x', edit: { text: 'Done' } }) },
  ...[{ answer: { text: 'x' } }, { data: 'a', prefix: 'b', answer: { text: 'x' } }].map(
    (fields) => ({
      name: `callback ${JSON.stringify(fields)}`,
      manifest: callback(fields),
      wrong: { path: `${HANDLER}.callback`, says: 'exactly one of data and prefix' },
    }),
  ),
  {
    name: 'callback that does nothing',
    manifest: callback({ data: 'x' }),
    wrong: { path: `${HANDLER}.callback`, says: 'at least one of answer, edit and reply' },
  },
  { name: 'join request', manifest: joinRequest({}) },
  {
    name: 'join request for one chat',
    manifest: joinRequest({ chat: '-1001234567890', decision: 'Leave', reply: { text: 'Hi' } }),
  },
  ...['tea', '12', '@a'].map((chat) => ({
    name: `join request for chat ${chat}`,
    manifest: joinRequest({ chat }),
    wrong: { path: `${HANDLER}.joinRequest.chat`, says: 'must be the @username of a chat' },
  })),
  {
    name: 'profile in two languages',
    manifest: bot({
      profile: {
        name: 'x'.repeat(64),
        description: 'x'.repeat(512),
        shortDescription: 'x'.repeat(120),
        commands: [{ command: 'start', description: 'Begin' }],
        languages: { de: { name: 'Laden', commands: [] } },
      },
    }),
  },
  ...[
    { name: 'x'.repeat(65) },
    { description: 'x'.repeat(513) },
    { shortDescription: 'x'.repeat(121) },
  ].map((profile) => ({
    name: `profile with too long a ${Object.keys(profile)}`,
    manifest: bot({ profile }),
    wrong: { path: `spec.profile.${Object.keys(profile)}`, says: 'must have at most' },
  })),
  ...['german', 'DE', ''].map((code) => ({
    name: `profile in the language ${JSON.stringify(code)}`,
    manifest: bot({ profile: { languages: { [code]: { name: 'x' } } } }),
    wrong: { path: 'spec.profile.languages', says: 'two-letter language codes' },
  })),
  {
    name: 'profile with a command in capitals',
    manifest: bot({ profile: { commands: [{ command: 'Start', description: 'x' }] } }),
    wrong: { path: 'spec.profile.commands[0].command', says: 'without the slash' },
  },
  {
    name: 'two handlers for one command',
    manifest: bot({ handlers: [command, { command: { name: 'START', reply: { text: 'x' } } }] }),
    wrong: { path: 'spec.handlers', says: 'two handlers answer the same command' },
  },
];
