import type { Update } from 'grammy/types';
import { describe, expect, test } from 'vitest';
import { laneKey, updateKind } from '../../../src/runtime/dispatch/update-kind.ts';
import { messageIn } from './updates.ts';

const user = { id: 7, is_bot: false, first_name: 'Ann' };
const chat = { id: -100, type: 'supergroup', title: 'Group' };

function update(fields: object): Update {
  return { update_id: 1, ...fields };
}

describe('the kind of an update', () => {
  test('is the field that it carries', () => {
    expect(updateKind(messageIn(1, 1))).toBe('message');
    expect(updateKind(update({ poll: {} }))).toBe('poll');
  });

  test.each([{}, { novelty: {} }, { message: null }, { message: 'text' }])(
    'is undefined where no known field is a record: %j',
    (fields) => {
      expect(updateKind(update(fields))).toBeUndefined();
    },
  );
});

describe('the lane of an update', () => {
  test.each([
    ['a message', { message: { chat, from: user } }, -100],
    ['a reaction', { message_reaction: { chat, user } }, -100],
    ['a button below a message', { callback_query: { from: user, message: { chat } } }, -100],
    ['a button of an inline message', { callback_query: { from: user } }, 7],
    ['an inline query', { inline_query: { from: user } }, 7],
    ['an answer to a poll', { poll_answer: { user } }, 7],
    ['an answer in the name of a chat', { poll_answer: { voter_chat: chat } }, -100],
    ['a business connection', { business_connection: { user } }, 7],
  ])('is the chat, else the user: %s', (_what, fields, lane) => {
    expect(laneKey(update(fields))).toBe(lane);
  });

  test.each([{ poll: { id: '1' } }, {}, { message: {} }])(
    'is its own where there is neither: %j',
    (fields) => {
      const alone = update(fields);
      expect(laneKey(alone)).toBe(alone);
    },
  );
});
