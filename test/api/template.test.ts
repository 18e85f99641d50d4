import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate, TEMPLATE_PATTERN } from '../../src/api/template.ts';

describe('a template', () => {
  it('is split into text and placeholders, doubled braces made single', () => {
    expect(parseTemplate('Hi {firstName}, {{args}} is {args}')).toEqual({
      ok: true,
      parts: [
        { kind: 'text', text: 'Hi ' },
        { kind: 'placeholder', name: 'firstName' },
        { kind: 'text', text: ', ' },
        { kind: 'text', text: '{' },
        { kind: 'text', text: 'args' },
        { kind: 'text', text: '}' },
        { kind: 'text', text: ' is ' },
        { kind: 'placeholder', name: 'args' },
      ],
    });
  });

  it.each([
    ['{fristName}', 'unknown placeholder {fristName}; did you mean {firstName}.'],
    ['{somethingElse}', 'Known are {firstName}, {username}, {args}, {botName}'],
    ['a { b', 'a single "{" must be written "{{"'],
    ['a } b', 'a single "}" must be written "}}"'],
  ])('%s is refused: %s', (template, message) => {
    expect(parseTemplate(template)).toEqual({
      ok: false,
      message: expect.stringContaining(message),
    });
  });

  it('is accepted exactly where the pattern in the CRD accepts it', () => {
    const pieces = fc.constantFrom('{', '}', '{{', '}}', '{args}', '{x}', 'a', '\n', 'args', '😀');
    const pattern = new RegExp(TEMPLATE_PATTERN);
    fc.assert(
      fc.property(fc.string({ unit: pieces, maxLength: 8 }), (template) => {
        expect(parseTemplate(template).ok).toBe(pattern.test(template));
      }),
      { numRuns: 2000 },
    );
  });
});
