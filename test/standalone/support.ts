import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createLog, type Log } from '../../src/telemetry/log.ts';

/** A folder of the test's own, gone after it. */
export async function makeFolder(): Promise<string> {
  const { path, remove } = await makeLastingFolder();
  onTestFinished(remove);
  return path;
}

/** A folder for several tests, which they remove. */
export async function makeLastingFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'tenantbot-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A log whose lines can be read. */
export function makeLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { log: createLog({ level: 'debug', format: 'json', destination }), lines };
}

/** What a bot's manifest is made with. */
export interface BotYaml {
  readonly name: string;
  readonly namespace?: string;
  /** The bot's id at Telegram; a token is made from it. */
  readonly id?: number;
  readonly token?: string;
  readonly reply?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Further fields of `spec`, as YAML lines. */
  readonly spec?: string;
}

/** A token of the right form. */
export function tokenOf(id: number): string {
  return `${id}:TEST-token-of-no-bot-at-Telegram-at-all`;
}

/** A TenantBot that answers /start, as YAML. */
export function botYaml({
  name,
  namespace = 'default',
  reply = 'hello',
  annotations = {},
  spec = '',
}: BotYaml): string {
  return `apiVersion: tenantbot.dev/v1alpha1
kind: TenantBot
metadata: {name: ${name}, namespace: ${namespace}, annotations: ${JSON.stringify(annotations)}}
spec:
  tokenSecretRef: {name: ${name}}
  handlers:
    - command: {name: start, reply: {text: "${reply}"}}
${spec}`;
}

/** The Secret of {@link botYaml}. */
export function secretYaml({ name, namespace = 'default', id = 1, token }: BotYaml): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: ${namespace}}
stringData: {token: "${token ?? tokenOf(id)}"}
`;
}

/** A bot and its Secret in one text. */
export function botWithSecret(bot: BotYaml): string {
  return `${botYaml(bot)}---\n${secretYaml(bot)}`;
}
