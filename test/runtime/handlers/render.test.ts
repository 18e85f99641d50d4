import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ParseMode, replySchema } from '../../../src/api/reply.ts';
import { parseHtml } from '../../../src/emulator/html.ts';
import { parseMarkdown } from '../../../src/emulator/markdown.ts';
import { compileTemplate, type ReplyValues } from '../../../src/runtime/handlers/render.ts';

const NOBODY: ReplyValues = { firstName: '', username: '', args: '', botName: '' };

function render(text: string, values: Partial<ReplyValues>, parseMode: ParseMode = 'None'): string {
  replySchema.parse({ text, parseMode });
  return compileTemplate({ text, parseMode })({ ...NOBODY, ...values });
}

/** What Telegram would show of `text`; throws where Telegram would refuse it. */
function shown(text: string, mode: ParseMode): string {
  if (mode === 'HTML') return parseHtml(text).text;
  return mode === 'MarkdownV2' ? parseMarkdown(text, 2).text : text;
}

const modes = fc.constantFrom<ParseMode>('None', 'HTML', 'MarkdownV2');
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: fc.constantFrom(...'&<>"\'_*[]()~`>#+-=|{}.!\\ab\n'), maxLength: 200 }),
);
/** Also halves of surrogate pairs and NUL. */
const broken = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
  .map((units) => String.fromCharCode(...units, 0xd83d, 0));

describe('a rendered reply', () => {
  test('fills in what is known and leaves out what is not', () => {
    const text = '{firstName}|{username}|{args}|{botName}|{{x}}';
    expect(render(text, { firstName: 'Ann', botName: 'Greeter' })).toBe('Ann|||Greeter|{x}');
  });

  test.each<[ParseMode, string, string]>([
    ['None', '<b>&*_', '<b>&*_'],
    ['HTML', `<b>&"'*_`, '&lt;b&gt;&amp;&quot;&#39;*_'],
    [
      'MarkdownV2',
      '_*[]()~`>#+-=|{}.!\\&<',
      '\\_\\*\\[\\]\\(\\)\\~\\`\\>\\#\\+\\-\\=\\|\\{\\}\\.\\!\\\\&<',
    ],
  ])('escapes values for %s', (mode, value, expected) => {
    expect(render('{args}', { args: value }, mode)).toBe(expected);
  });

  test('keeps the markup of the manifest', () => {
    expect(render('<b>{args}</b>', { args: '<i>' }, 'HTML')).toBe('<b>&lt;i&gt;</b>');
  });

  test('shows every value as it is, whatever it holds', () => {
    fc.assert(
      fc.property(modes, hostile, hostile, (mode, firstName, args) => {
        const text = render('{firstName} and {args}', { firstName, args }, mode);
        expect(shown(text, mode)).toBe(`${firstName} and ${args}`);
      }),
    );
  });

  test('keeps the values in their place amid markup', () => {
    fc.assert(
      fc.property(hostile, (args) => {
        const html = parseHtml(render('<b>a{args}</b><a href="{args}">l</a>', { args }, 'HTML'));
        expect(html.text).toBe(`a${args}l`);
        expect(html.entities[0]).toMatchObject({
          type: 'bold',
          offset: 0,
          length: args.length + 1,
        });
        const markdown = parseMarkdown(render('*a{args}*', { args }, 'MarkdownV2'), 2);
        expect(markdown.text).toBe(`a${args}`);
        expect(markdown.entities).toMatchObject([{ type: 'bold', length: args.length + 1 }]);
      }),
    );
  });

  test('never exceeds the limit of Telegram, and is cut between characters', () => {
    const long = fc
      .tuple(hostile, fc.integer({ min: 1, max: 5000 }))
      .map(([value, times]) => value.repeat(Math.ceil(times / (value.length + 1))));
    fc.assert(
      fc.property(modes, long, long, (mode, firstName, args) => {
        const text = render('{firstName} and {args}', { firstName, args }, mode);
        expect(text.length).toBeLessThanOrEqual(4096);
        expect(text.isWellFormed()).toBe(true);
        const [first = '', second = ''] = shown(text, mode).split(/ and (?!.* and )/s);
        expect(isCutOf(first, firstName) && isCutOf(second, args)).toBe(true);
      }),
    );
  });

  test('is cut only as far as it must be', () => {
    expect(render('{args}!', { args: 'x'.repeat(4095) })).toBe(`${'x'.repeat(4095)}!`);
    expect(render('{args}!', { args: 'x'.repeat(4096) })).toBe(`${'x'.repeat(4094)}…!`);
    expect(render('{args}', { args: '&'.repeat(5000) }, 'HTML')).toBe(`${'&amp;'.repeat(819)}…`);
    expect(render('{args}', { args: '😀'.repeat(3000) })).toBe(`${'😀'.repeat(2047)}…`);
  });

  test('leaves a value out where the manifest takes all the room', () => {
    const text = `${'x'.repeat(4090)}{args}`;
    expect(render(text, { args: 'y'.repeat(10) })).toBe(`${'x'.repeat(4090)}yyyyy…`);
    expect(render(`${'😀'.repeat(3000)}{args}`, { args: 'y' })).toBe('😀'.repeat(3000));
  });

  test('holds no NUL and no half of a character', () => {
    fc.assert(
      fc.property(modes, broken, (mode, args) => {
        const text = render('{args}', { args }, mode);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toContain('\0');
      }),
    );
  });
});

/** Whether `text` is `value`, or how it begins with an ellipsis behind. */
function isCutOf(text: string, value: string): boolean {
  return (
    text === value || text === '' || (text.endsWith('…') && value.startsWith(text.slice(0, -1)))
  );
}
