/**
 * People who have the page open: each asks for one answer again and again, with the tag of the one
 * that it has. Its parent says where, and then asks how it went.
 */
import { Agent, request } from 'undici';
import { answerParent } from '../../support/answering.ts';

/** What readers do. */
export interface Reading {
  readonly url: string;
  readonly token: string;
  /** Readers take turns with them. */
  readonly paths: readonly string[];
  readonly readers: number;
  readonly everyMs: number;
}

/** What became of it so far. */
export interface ReadingReport {
  readonly answers: number;
  readonly unchanged: number;
  readonly failed: number;
}

const dispatcher = new Agent({ connections: 64 });
const tags = new Map<string, string>();
const report = { answers: 0, unchanged: 0, failed: 0 };

async function read({ url, token }: Reading, path: string): Promise<void> {
  const tag = tags.get(path);
  const headers = { authorization: `Bearer ${token}`, ...(tag && { 'if-none-match': tag }) };
  try {
    const answer = await request(url + path, { headers, dispatcher });
    await answer.body.dump();
    report.answers++;
    if (answer.statusCode === 304) report.unchanged++;
    else if (answer.statusCode !== 200) report.failed++;
    const { etag } = answer.headers;
    if (typeof etag === 'string') tags.set(path, etag);
  } catch {
    report.failed++;
  }
}

/** They came one after the other, so they ask one after the other. */
function begin(reading: Reading): void {
  const { readers, everyMs, paths } = reading;
  for (let reader = 0; reader < readers; reader++) {
    const path = paths[reader % paths.length] ?? '';
    setTimeout(
      () => setInterval(() => void read(reading, path), everyMs),
      (everyMs * reader) / readers,
    );
  }
}

answerParent((asked: Reading | 'report'): ReadingReport => {
  if (asked !== 'report') begin(asked);
  return report;
});
