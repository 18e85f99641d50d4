import type { HttpPostResponse } from '../../transport/http-post.ts';
import { ForwardError, type ForwardFault } from './forward-error.ts';

/** A Bot API call that a service asked for. */
export interface BotCall {
  /** As the manifest spells it. */
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** What an answer is checked against. */
export interface AnswerRules {
  readonly place: string;
  /** Allowed methods as the manifest spells them, by their lower-case names. */
  readonly methods: ReadonlyMap<string, string>;
}

/** How many calls one answer may ask for. */
const MAX_CALLS = 20;

/** Far deeper than any real call; what is deeper may be meant to exhaust the stack. */
const MAX_DEPTH = 32;

const SHAPE =
  'Answer with an empty body, with {"method": "sendMessage", …} or with a list of such.';

/**
 * The calls that a service's answer asks for, none where it is empty. All of them are checked
 * before any is returned.
 *
 * @throws {ForwardError} where the service failed or its answer breaks a rule
 */
export function readAnswer(answer: HttpPostResponse, rules: AnswerRules): readonly BotCall[] {
  const fail: Fail = (fault, advice) => {
    throw new ForwardError(fault, { place: rules.place, advice });
  };
  checkStatus(answer.status, fail);
  const json = parseJson(answer.body, fail);
  if (json === undefined) return [];
  const items: readonly unknown[] = Array.isArray(json) ? json : [json];
  if (items.length > MAX_CALLS) {
    fail('wrong-shape', `It has ${items.length} calls; at most ${MAX_CALLS} are possible.`);
  }
  return items.map((item) => readCall(item, rules.methods, fail));
}

type Fail = (fault: ForwardFault, advice: string) => never;

function checkStatus(status: number, fail: Fail): void {
  if (status < 300) return;
  const said = `It answered with status ${status}.`;
  if (status < 400) fail('redirect', `${said} Give the final address as url.`);
  if (status === 429) fail('rate-limited', `${said} Give it more capacity.`);
  if (status < 500) fail('refused', `${said} Check url and what the service expects.`);
  fail('server-error', `${said} Look into the service's own logs.`);
}

function parseJson(body: Buffer, fail: Fail): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    // The parser's own error would quote the answer.
    return fail('not-json', SHAPE);
  }
}

function readCall(item: unknown, methods: ReadonlyMap<string, string>, fail: Fail): BotCall {
  if (!isRecord(item)) return fail('wrong-shape', SHAPE);
  const { method: name, ...params } = item;
  if (typeof name !== 'string') return fail('wrong-shape', SHAPE);
  if (isDeeperThan(MAX_DEPTH, params)) fail('wrong-shape', 'It is nested too deeply.');
  const method = methods.get(name.toLowerCase());
  return method
    ? { method, params }
    : fail('method-not-allowed', 'List the methods that it may use in forward.methods.');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
