import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/emulator/api-error.ts';
import { parseHtml } from '../../src/emulator/html.ts';
import { parseMarkdown } from '../../src/emulator/markdown.ts';
import { cleanText, findEntities } from '../../src/emulator/text.ts';

/** The text, and each entity as `type:covered text`. */
function shown({ text, entities }: ReturnType<typeof parseHtml>): string[] {
  return [
    text,
    ...entities.map(({ type, offset, length }) => `${type}:${text.substr(offset, length)}`),
  ];
}

function refusal(run: () => unknown): string {
  try {
    run();
    return 'none';
  } catch (error) {
    return error instanceof ApiError
      ? error.message.replace("Bad Request: can't parse entities: ", '')
      : String(error);
  }
}

describe('parseHtml', () => {
  it.each([
    ['plain & <b>bold</b>', ['plain & bold', 'bold:bold']],
    ['<b>a<i>b</i></b>', ['ab', 'bold:ab', 'italic:b']],
    ['&lt;b&gt; &amp;amp; &#x41;&#66; &nope;', ['<b> &amp; AB &nope;']],
    ['<a href="https://example.org/?a=1">here</a>', ['here', 'text_link:here']],
    ['<blockquote><b>x</b></blockquote>', ['x', 'blockquote:x', 'bold:x']],
    ['<pre>x</pre>', ['x', 'pre:x']],
    ['<tg-spoiler>boo</tg-spoiler>', ['boo', 'spoiler:boo']],
    ['<b></b>', ['']],
  ])('reads %s', (source, wanted) => {
    expect(shown(parseHtml(source))).toEqual(wanted);
  });

  it.each([
    ['1 < 2', 'Unsupported start tag "" at byte offset 2'],
    ['é<foo>', 'Unsupported start tag "foo" at byte offset 2'],
    ['<b>x', 'Can\'t find end tag corresponding to start tag "b"'],
    ['x</b>', 'Unexpected end tag at byte offset 1'],
    ['<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
  ])('refuses %s', (source, wanted) => {
    expect(refusal(() => parseHtml(source))).toBe(wanted);
  });

  it('gives back any text that was escaped for it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = text
          .replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll('>', '&gt;');
        expect(parseHtml(escaped)).toEqual({ text, entities: [] });
      }),
    );
  });
});

describe('parseMarkdown', () => {
  it.each([
    ['*bold* _it_ `co*de`', ['bold it co*de', 'bold:bold', 'italic:it', 'code:co*de']],
    [
      '__under__ ~gone~ ||boo||',
      ['under gone boo', 'underline:under', 'strikethrough:gone', 'spoiler:boo'],
    ],
    ['[here](https://example.org/\\))', ['here', 'text_link:here']],
    ['1\\. \\*no\\*', ['1. *no*']],
    ['>quoted', ['>quoted']],
  ])('reads MarkdownV2 %s', (source, wanted) => {
    expect(shown(parseMarkdown(source, 2))).toEqual(wanted);
  });

  it.each([
    ['a.b', "Character '.' is reserved and must be escaped with the preceding '\\'"],
    ['*x', "Can't find end of Bold entity at byte offset 0"],
  ])('refuses MarkdownV2 %s', (source, wanted) => {
    expect(refusal(() => parseMarkdown(source, 2))).toBe(wanted);
  });

  it('takes the reserved characters of MarkdownV2 as they are in the old Markdown', () => {
    expect(shown(parseMarkdown('1. *b* \\_x', 1))).toEqual(['1. b _x', 'bold:b']);
  });

  it('gives back any text that was escaped for MarkdownV2', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const escaped = text.replace(/[_*[\]()~`>#+\-=|{}.!\\]/g, '\\$&');
        expect(parseMarkdown(escaped, 2)).toEqual({ text, entities: [] });
      }),
    );
  });
});

describe('texts', () => {
  it('are cleaned of control characters and of what stands around them', () => {
    expect(cleanText(' \0a\u0007b\nc\t ')).toEqual({ text: 'a b\nc', cutFromStart: 2 });
  });

  it('have their commands, mentions, tags and addresses marked', () => {
    const text = '/start@a_bot see @ann #news https://example.org/x a/b me@example.org';
    expect(shown({ text, entities: findEntities(text) }).slice(1)).toEqual([
      'bot_command:/start@a_bot',
      'mention:@ann',
      'hashtag:#news',
      'url:https://example.org/x',
    ]);
  });
});
