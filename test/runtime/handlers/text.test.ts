import { describe, expect, test } from 'vitest';
import { compileMatch } from '../../../src/runtime/handlers/text.ts';
import { message, triedBot } from './tried-bot.ts';

type Match = Parameters<typeof compileMatch>[0];

const fits = (match: Partial<Match>, text: string): boolean =>
  compileMatch({ ignoreCase: false, ...match })(text);

describe('a text match', () => {
  test.each([
    [{ exact: 'hi' }, 'hi', true],
    [{ exact: 'hi' }, 'Hi', false],
    [{ exact: 'hi' }, 'hi ', false],
    [{ exact: 'hi', ignoreCase: true }, 'HI', true],
    [{ prefix: 'order ' }, 'order 66', true],
    [{ prefix: 'order ' }, 'Order 66', false],
    [{ prefix: 'order ' }, 'order', false],
    [{ prefix: 'ORDER', ignoreCase: true }, 'order 66', true],
    [{ pattern: 'o\\d+' }, 'say o12', true],
    [{ pattern: '^o\\d+$' }, 'say o12', false],
    [{ pattern: 'o\\d+' }, 'say O12', false],
    [{ pattern: 'o\\d+', ignoreCase: true }, 'say O12', true],
    [{ pattern: 'привет', ignoreCase: true }, 'ПРИВЕТ', true],
    [{ pattern: '^.$' }, '😀', true],
  ] as const)('%j on %j: %s', (match, text, expected) => {
    expect(fits(match, text)).toBe(expected);
  });

  test.each([
    ['straße', 'STRASSE'],
    ['STRAẞE', 'straße'],
    ['ΟΔΟΣ', 'οδος'],
    ['οδοσ', 'οδος'],
    ['привет', 'ПРИВЕТ'],
    ['é', 'E\u0301'],
    ['İ', 'i̇'],
  ])('that ignores case takes %j and %j for the same', (left, right) => {
    expect(fits({ exact: left, ignoreCase: true }, right)).toBe(true);
    expect(fits({ exact: right, ignoreCase: true }, left)).toBe(true);
  });

  test('that ignores case tells letters with and without accent apart', () => {
    expect(fits({ prefix: 'e', ignoreCase: true }, 'été')).toBe(false);
  });

  test.each([
    ['(x+x+)+y', 'x'],
    ['(a|a)*b', 'a'],
    ['(.*)*\\d', '-'],
  ])('takes linear time where others explode: %s', (pattern, character) => {
    const compiled = compileMatch({ pattern, ignoreCase: true });
    const startMs = performance.now();
    expect(compiled(character.repeat(100_000))).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });

  test.each(['(a.{999}b)c{2}', '(a.{90}|b.{91}){10}'])(
    'is refused where its pattern would keep other bots waiting: %s',
    (pattern) => {
      expect(() => compileMatch({ pattern, ignoreCase: false })).toThrow(/shorten its repetitions/);
    },
  );

  test.each(['.{1,300}', '\\b[\\w.+-]{1,64}@[\\w-]{1,63}(\\.[\\w-]{1,63}){1,3}\\b'])(
    'may have the repetitions that people need: %s',
    (pattern) => {
      expect(fits({ pattern }, 'write to ann@example.org')).toBe(true);
    },
  );

  test.each(['\0', '\ud800', 'a\udc00b', 'x'.repeat(100_000), '\u{10FFFF}'.repeat(4096)])(
    'bears any text',
    (text) => {
      expect(fits({ exact: text }, text)).toBe(true);
      expect(fits({ prefix: text.slice(0, 1), ignoreCase: true }, text)).toBe(true);
      expect(fits({ pattern: '(?s)^.' }, text)).toBe(true);
    },
  );
});

describe('a text handler', () => {
  const handlers = [{ text: { prefix: 'hi', reply: { text: 'Hello {firstName}{args}!' } } }];

  test.each([{ text: 'hi there' }, { caption: 'hi from a picture' }])(
    'answers text and caption: %j',
    async (fields) => {
      const bot = triedBot(handlers);
      expect(await bot.handle(message(fields))).toBe('handled');
      expect(bot.calls).toEqual([{ method: 'sendMessage', chat_id: 7, text: 'Hello Ann!' }]);
    },
  );

  test.each([{ text: 'oh hi' }, { sticker: {} }])('leaves the rest alone: %j', async (fields) => {
    const bot = triedBot(handlers);
    expect(await bot.handle(message(fields))).toBe('unmatched');
  });
});
