import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { inputError } from '../../lib/errors.ts';
import type { BotName } from '../bot-access.ts';
import type { ObjectAccess } from '../object-access.ts';
import { printable } from '../terminal-text.ts';
import type { Io } from './io.ts';

/** What is read of a pod's log. */
export interface LogSpan {
  /** Go on with every line until the pod ends. */
  readonly follow: boolean;
  /** How far back, in seconds; all that is kept unless given. */
  readonly sinceSeconds: number | undefined;
}

/** What a command needs that reads logs of shards. */
export interface LogAccess extends Pick<ObjectAccess, 'namespace'> {
  /** The log of the pod that hosts the bot, as it comes; rejects where nobody hosts it. */
  podLog(bot: BotName, span: LogSpan): Promise<AsyncIterable<Uint8Array>>;
}

/** What `tenantbot logs` was asked for. */
export interface LogsOptions extends LogSpan {
  readonly namespace: string | undefined;
  readonly name: string;
}

/** `tenantbot logs`: the lines of one bot, from the pod of the shard that hosts it now. */
export async function runLogs(
  access: LogAccess,
  { namespace = access.namespace, name, ...span }: LogsOptions,
  io: Io,
): Promise<void> {
  const key = `${namespace}/${name}`;
  const bytes = await access.podLog({ namespace, name }, span);
  for await (const line of createInterface({ input: Readable.from(bytes) })) {
    if (isOf(line, key)) io.out(printable(line));
  }
}

/** `1h`, `30m` or `45s` in seconds. */
export function parseSince(text: string): number {
  const [, number, unit = ''] = /^([1-9]\d{0,5})([smh])$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * ({ s: 1, m: 60, h: 3_600 }[unit] ?? 1);
  throw inputError('SINCE_INVALID', `--since must be such as 45s, 30m or 1h; it is "${text}"`);
}

/** Each line is one JSON object; those of a bot name it. */
function isOf(line: string, key: string): boolean {
  if (!line.includes(key)) return false;
  try {
    return (JSON.parse(line) as { readonly bot?: unknown }).bot === key;
  } catch {
    return false;
  }
}
