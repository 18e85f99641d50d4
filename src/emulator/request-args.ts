import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { ApiError } from './api-error.ts';
import type { RawArgs, UploadedFile } from './args.ts';

/** A request over HTTP/1.1 or HTTP/2. */
export type ApiRequest = IncomingMessage | Http2ServerRequest;

/** The client left in the middle of its request: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('the client has gone');
  }
}

/** Most bytes of a JSON or form body, as in the real server. */
const MAX_PARAMETER_BYTES = 1 << 20;
/** Most bytes of a body with files. */
const MAX_UPLOAD_BYTES = 50 << 20;
/** Of an upload only this much is kept: enough for a certificate. */
const KEPT_FILE_BYTES = 64 << 10;

/**
 * Reads everything that a request carries, in whatever form: query, JSON, urlencoded, multipart.
 * What can't be parsed counts as missing, as in the real server; too much of it is a 413.
 */
export async function readArgs(request: ApiRequest, query: string): Promise<RawArgs> {
  const values = new Map<string, unknown>();
  const files = new Map<string, UploadedFile>();
  const type = (request.headers['content-type'] ?? '').toLowerCase();
  if (type.includes('multipart/form-data')) {
    await readMultipart(request, values, files);
  } else {
    const body = await readBody(request);
    if (body.length > 0) parseBody(type, body, values);
  }
  if (query !== '') addParameters(query, values);
  return { values, files };
}

/** Adds what a JSON or form body says to `values`. */
export function parseBody(type: string, body: string, values: Map<string, unknown>): void {
  if (type.includes('application/x-www-form-urlencoded')) addParameters(body, values);
  else if (type.includes('application/json')) addJson(body, values);
}

function addParameters(text: string, values: Map<string, unknown>): void {
  for (const [name, value] of new URLSearchParams(text)) values.set(name, value);
}

function addJson(text: string, values: Map<string, unknown>): void {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return;
    for (const [name, value] of Object.entries(parsed)) values.set(name, value);
  } catch {
    // The real server logs this and goes on without arguments.
  }
}

/** The body as it was before it was compressed. */
function contentOf(request: ApiRequest, reject: (error: ApiError) => void): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding === 'identity') return request;
  if (!['gzip', 'x-gzip', 'deflate'].includes(encoding)) {
    throw new ApiError(415, 'Unsupported Media Type: unsupported content-encoding');
  }
  const inflated = request.pipe(encoding === 'deflate' ? createInflate() : createGunzip());
  inflated.on('error', () => {
    drain(request, inflated);
    reject(new ApiError(400, `Bad Request: the body is not ${encoding}`));
  });
  return inflated;
}

/** Lets the rest of a body that nobody wants come and go. */
function drain(request: ApiRequest, content: Readable): void {
  content.removeAllListeners('data');
  request.unpipe();
  request.resume();
}

function readBody(request: ApiRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const content = contentOf(request, reject);
    const chunks: Buffer[] = [];
    let bytes = 0;
    content.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_PARAMETER_BYTES) {
        drain(request, content);
        reject(new ApiError(413, 'Request Entity Too Large: too much parameters'));
        return;
      }
      chunks.push(chunk);
    });
    content.on('end', () =>
      resolve(chunks.length === 1 ? String(chunks[0]) : String(Buffer.concat(chunks))),
    );
    onLeaving(request, reject);
  });
}

/** A request that has been read to its end closes as well: that is no leaving. */
function onLeaving(request: ApiRequest, reject: (error: ClientGone) => void): void {
  request.on('error', () => reject(new ClientGone()));
  // Over HTTP/2 a request that was cut off counts as complete, and ends after this.
  request.on('aborted', () => reject(new ClientGone()));
  request.on('close', () => {
    if (!request.complete) reject(new ClientGone());
  });
}

function readMultipart(
  request: ApiRequest,
  values: Map<string, unknown>,
  files: Map<string, UploadedFile>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const parser = openParser(request);
    const content = contentOf(request, reject);
    let bytes = 0;
    content.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_UPLOAD_BYTES) return;
      content.unpipe(parser);
      drain(request, content);
      reject(
        new ApiError(413, `Request Entity Too Large: content length is above ${MAX_UPLOAD_BYTES}`),
      );
    });
    parser.on('field', (name, value) => values.set(name, value));
    parser.on('file', (name, stream, fileName) => {
      const head: Buffer[] = [];
      let size = 0;
      stream.on('data', (chunk: Buffer) => {
        if (size < KEPT_FILE_BYTES) head.push(chunk);
        size += chunk.length;
      });
      // The parser tells the same error; unheard here it would end the process.
      stream.on('error', () => undefined);
      stream.on('end', () =>
        files.set(name, { name: fileName, bytes: size, head: Buffer.concat(head) }),
      );
    });
    parser.on('finish', resolve);
    parser.on('error', (error) => reject(badForm(error)));
    onLeaving(request, reject);
    content.pipe(parser);
  });
}

function openParser(request: ApiRequest): BusboyInstance {
  try {
    return new Busboy({
      headers: { ...request.headers, 'content-type': request.headers['content-type'] ?? '' },
      limits: { fieldSize: MAX_PARAMETER_BYTES, fields: 1_000, files: 100 },
    });
  } catch (error) {
    throw badForm(error);
  }
}

function badForm(cause: unknown): ApiError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new ApiError(400, `Bad Request: ${/boundary/i.test(text) ? 'boundary not found' : text}`);
}
