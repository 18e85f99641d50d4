import { expect, it } from 'vitest';
import { GROUP, VERSION } from '../../../src/api/group.ts';
import { parseManifest } from '../../../src/api/manifest.ts';
import { readCrds } from '../../cluster/install-crds.ts';
import { rawApi } from '../../cluster/raw-api.ts';
import { describeWithApiServer } from '../../cluster/with-api-server.ts';
import { ALL_ROWS } from './all-rows.ts';
import { botWith, type Row, text } from './row.ts';

const isBad = (row: Row): row is Required<Row> => row.wrong !== undefined;

/** The API server's own ways to say what is wrong, each of which a tenant understands. */
const STANDARD_WORDS = [
  /^unknown field "/,
  /^Required value/,
  /in body must be of type \w+/,
  /in body should match '/,
  /in body should be (greater|less) than/,
  /in body should (have|be) at least/,
  /^Too (long|many): /,
  /^Unsupported value: .+ supported values: /,
  /^Duplicate value: /,
];

describeWithApiServer('the table of manifests, before a real API server', ({ kubeconfig }) => {
  it.each(ALL_ROWS.filter((row) => !isBad(row)))('accepts $name', async ({ manifest }) => {
    expect(await judge(kubeconfig, manifest)).toEqual([]);
  });

  it.each(ALL_ROWS.filter(isBad))('refuses $name', async ({ manifest, wrong }) => {
    const problems = await judge(kubeconfig, manifest);
    const said = problems.find(({ path }) => path === wrong.path);
    expect(problems.map(({ path }) => path)).toContain(wrong.path);
    expect(said?.message).toSatisfy(isForPeople);
  });

  // The one known difference: docs/decisions/one-schema-two-judges.md, patterns that tenants write.
  it('accepts a group name that is used twice, which zod refuses', async () => {
    const manifest = botWith(text({ pattern: '(?P<n>a)(?P<n>b)' }));
    expect(parseManifest(manifest)).toMatchObject({ ok: false });
    expect(await judge(kubeconfig, manifest)).toEqual([]);
  });
});

interface Problem {
  readonly path: string;
  readonly message: string;
}

/** What of a Status is read here. */
interface Status {
  readonly message: string;
  readonly details?: {
    readonly causes?: readonly { readonly field: string; readonly message: string }[];
  };
}

/** What the API server finds wrong with a manifest. Nothing is stored. */
async function judge(kubeconfig: string, manifest: object): Promise<Problem[]> {
  const { kind } = manifest as { readonly kind: string };
  const path = `/apis/${GROUP}/${VERSION}/namespaces/default/${kind.toLowerCase()}s`;
  const { status, body } = await rawApi(kubeconfig, {
    method: 'POST',
    path: `${path}?dryRun=All&fieldValidation=Strict`,
    body: manifest,
  });
  if (status === 201) return [];
  const { message, details } = body as Status;
  if (status === 422) return details?.causes?.map(toProblem) ?? [];
  // Strict validation answers 400, and names the fields in its message alone.
  const unknown = [...message.matchAll(/unknown field "([^"]+)"/g)];
  if (status !== 400 || unknown.length === 0) throw new Error(`${status}: ${message}`);
  return unknown.map(([said, field = '']) => ({ path: field, message: said }));
}

/** The API server's word for the whole object is `<nil>`. */
function toProblem({ field, message }: { field: string; message: string }): Problem {
  return { path: field === '<nil>' ? '' : field, message };
}

/** Whether a message is one of the API server's usual ones, or a rule of ours in our own words. */
function isForPeople(message: string): boolean {
  return (
    STANDARD_WORDS.some((words) => words.test(message)) ||
    RULE_MESSAGES.some((words) => message.includes(words))
  );
}

const RULE_MESSAGES = (await readCrds()).flatMap(ruleMessages);

/** The messages of all CEL rules below `node`. */
function ruleMessages(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { 'x-kubernetes-validations': rules = [] } = node as Record<string, unknown>;
  const own = (rules as readonly { readonly message: string }[]).map(({ message }) => message);
  return [...own, ...Object.values(node).flatMap(ruleMessages)];
}
