import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readYamlDocuments } from '../../../src/standalone/manifests/yaml-documents.ts';

describe('readYamlDocuments', () => {
  test('reads several documents, and JSON with tabs', async () => {
    const documents = await readYamlDocuments('a: 1\n---\n{\n\t"b": [2]\n}\n');
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, { b: [2] }]);
  });

  test('reads whatever JSON can hold as JSON itself does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const text = JSON.stringify(value);
        const [document] = await readYamlDocuments(text);
        expect(JSON.stringify(document?.value)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  test('says where a field stands, or what holds it where it is missing', async () => {
    const [document] = await readYamlDocuments('spec:\n  handlers:\n    - command: {name: x}\n');
    expect(document?.positionOf(['spec', 'handlers', 0, 'command', 'name'])).toEqual({
      line: 3,
      column: 17,
    });
    expect(document?.positionOf(['spec', 'handlers', 0, 'text'])).toEqual({ line: 3, column: 7 });
  });

  test.each([
    ['a: [1\nb: 2\n', 2],
    ['a: "x\n', 2],
    ['a: 1\na: 2\n', 2],
    ['a: !!js/function x\n', 1],
    ['a: *unknown\n', 1],
  ])('says in which line %j goes wrong', async (text, line) => {
    const [document] = await readYamlDocuments(text);
    expect(document?.faults[0]).toMatchObject({ line });
    expect(document?.value).toBeUndefined();
  });

  test('a fault in one document leaves the others readable', async () => {
    const documents = await readYamlDocuments('a: 1\n---\nb: ]\n---\nc: 3\n');
    expect(documents.map(({ value }) => value)).toEqual([{ a: 1 }, undefined, { c: 3 }]);
  });

  test('does not expand a "billion laughs"', async () => {
    const lines = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
      lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join()}]`);
    }
    const [document] = await readYamlDocuments(lines.join('\n'));
    expect(document?.faults[0]?.message).toContain('aliases expand');
  });

  test.each([
    ['flow', '['.repeat(4_000_000)],
    ['block', '- '.repeat(2_000_000)],
  ])('refuses %s text that nests without end, at once', async (_, text) => {
    await expect(readYamlDocuments(text)).rejects.toThrow(/deeper than 100 levels/);
  });

  test('leaves time for other work while it reads much', async () => {
    let turns = 0;
    const other = setInterval(() => turns++, 0);
    await readYamlDocuments('k: v\n---\n'.repeat(15_000));
    clearInterval(other);
    expect(turns).toBeGreaterThan(3);
  });

  test('refuses endless documents', async () => {
    await expect(readYamlDocuments('---\n'.repeat(100_000))).rejects.toThrow(/20000 documents/);
  });
});
