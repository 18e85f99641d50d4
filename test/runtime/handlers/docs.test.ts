import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { tenantBotSchema, tenantBotSpecSchema } from '../../../src/api/tenant-bot.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { forwardHeaders } from '../../../src/runtime/handlers/forward/request.ts';

const COMMAND = [{ command: { name: 'start', reply: { text: 'Hi' } } }];
const DOCS = new URL('../../../docs/', import.meta.url);

interface Case {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly key: string;
}

/** The examples in `language` that stand in a page. */
function examples(language: string, page: string): string[] {
  const text = readFileSync(new URL(page, DOCS), 'utf8');
  const block = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs');
  return [...text.matchAll(block)].map(([, source = '']) => source);
}

/** The first of them. */
function example(language: string, page = 'forward.md'): string {
  const [first] = examples(language, page);
  return first ?? expect.fail(`docs/${page} has no example in ${language}`);
}

function signed(key: string, ageSeconds = 0): Case {
  const body = '{"update_id":1,"message":{"text":"hé 😀"}}';
  const headers = forwardHeaders({
    bot: { key: 'team-a/greeter', id: 42 },
    updateId: 1,
    attempt: 1,
    body,
    wallMs: Date.now() - ageSeconds * 1000,
    signingKey: new Secret(key),
  });
  return { headers, body, key };
}

const good = signed('a key: ü');
const CASES: readonly (readonly [Case, boolean])[] = [
  [good, true],
  [{ ...good, key: 'another' }, false],
  [{ ...good, body: `${good.body} ` }, false],
  [{ ...good, headers: {} }, false],
  [signed('k', 310), false],
];

describe('the check of signatures in docs/forward.md', () => {
  test('holds in Node', async () => {
    const source = `data:text/javascript,${encodeURIComponent(example('js'))}`;
    const { isGenuine } = (await import(source)) as {
      isGenuine: (headers: object, body: Buffer, key: string) => boolean;
    };
    for (const [{ headers, body, key }, genuine] of CASES) {
      expect(isGenuine(headers, Buffer.from(body), key)).toBe(genuine);
    }
  });

  test.skipIf(spawnSync('python3', ['--version']).status !== 0)('holds in Python', () => {
    const ask = `
import json, sys
cases = json.load(sys.stdin)
print(json.dumps([is_genuine(c["headers"], c["body"].encode(), c["key"]) for c in cases]))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', example('python') + ask], {
      input: JSON.stringify(CASES.map(([one]) => one)),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(CASES.map(([, genuine]) => genuine));
  });
});

describe('the manifests in the documentation', () => {
  test('of forward are good', () => {
    const [, bot] = parseAllDocuments(example('yaml'));
    expect(tenantBotSchema.safeParse(bot?.toJS())).toMatchObject({ success: true });
  });

  test('of handlers are good', () => {
    const blocks = examples('yaml', 'handlers.md').map((text) => parse(text) as object);
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) {
      const spec = { tokenSecretRef: { name: 'token' }, handlers: COMMAND, ...block };
      expect(tenantBotSpecSchema.safeParse(spec)).toMatchObject({ success: true });
    }
  });
});
