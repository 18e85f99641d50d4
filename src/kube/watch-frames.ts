import { StringDecoder } from 'node:string_decoder';
import { environmentError, type TenantBotError } from '../lib/errors.ts';
import { statusError } from './api-status.ts';
import type { WatchEvent } from './client.ts';
import type { KubeObject } from './resource.ts';

/**
 * The events of a watch's body: one JSON object a line. Rejects where a line is no JSON, where the
 * body ends within a line, and with the server's own error where it sends an ERROR frame; nothing
 * is skipped in silence, since whoever misses an event must list anew.
 */
export async function* watchEvents<T extends KubeObject>(
  body: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  for await (const line of lines(body, what)) yield toEvent<T>(parseLine(line, what), what);
}

async function* lines(body: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  // Parts of one line are joined once: a large object arrives in hundreds of chunks.
  let parts: string[] = [];
  for await (const chunk of body) {
    const [first = '', ...others] = decoder.write(Buffer.from(chunk)).split('\n');
    parts.push(first);
    for (const next of others) {
      const line = parts.join('');
      parts = [next];
      if (line !== '') yield line;
    }
  }
  if (parts.join('') + decoder.end() !== '') throw brokenFrame(what, 'it ends within a frame');
}

function parseLine(line: string, what: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Node's own message quotes the line, which may be a Secret.
    throw brokenFrame(what, `a frame of ${line.length} characters is no JSON`);
  }
}

function toEvent<T extends KubeObject>(frame: unknown, what: string): WatchEvent<T> {
  const { type, object } = (frame ?? {}) as { type?: unknown; object?: unknown };
  if (typeof object !== 'object' || object === null) throw brokenFrame(what, 'a frame is empty');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as T };
    case 'BOOKMARK':
      return { type, resourceVersion: (object as KubeObject).metadata.resourceVersion };
    case 'ERROR':
      throw statusError(what, 0, object);
    default:
      throw brokenFrame(what, `a frame's type is ${JSON.stringify(type)}`);
  }
}

function brokenFrame(what: string, why: string): TenantBotError {
  return environmentError('KUBE_WATCH_BROKEN', `${what}: the watch is broken: ${why}`);
}
