import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KubeApiError } from '../../src/kube/api-error.ts';
import type { WatchEvent } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/resource.ts';
import { watchEvents } from '../../src/kube/watch-frames.ts';
import { collect } from './collect.ts';

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  let start = 0;
  for (const end of ends.toSorted((a, b) => a - b)) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

function eventsOf(text: string, cuts: readonly number[] = []): Promise<WatchEvent<KubeObject>[]> {
  return collect(watchEvents(chunksOf(Buffer.from(text), cuts), 'watch pods'));
}

function frame(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

describe('watchEvents', () => {
  it('gives the same events however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (notes, cuts) => {
          const objects = notes.map((note) => ({ metadata: { name: 'ä€😀', note } }));
          const text = objects.map((object) => frame('ADDED', object)).join('');
          const events = await eventsOf(text, cuts);
          expect(events).toEqual(objects.map((object) => ({ type: 'ADDED', object })));
        },
      ),
    );
  });

  it('tells a bookmark by its version', async () => {
    const text = frame('BOOKMARK', { metadata: { resourceVersion: '12' } });
    expect(await eventsOf(text)).toEqual([{ type: 'BOOKMARK', resourceVersion: '12' }]);
  });

  it.each([
    ['no JSON', '{"type":"ADDED","object":{"s3cret":"\n'],
    ['cut off', frame('ADDED', {}) + frame('ADDED', { s3cret: 1 }).slice(0, -1)],
    ['of an unknown type', frame('MOVED', {})],
    ['without an object', '{"type":"ADDED"}\n'],
    ['null', 'null\n'],
  ])('rejects where a frame is %s, without quoting it', async (_name, text) => {
    const failure = await eventsOf(text).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'KUBE_WATCH_BROKEN', kind: 'environment' });
    expect(String(failure)).not.toContain('s3cret');
  });

  it("rejects with the server's own error", async () => {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
    const failure = await eventsOf(frame('ERROR', status)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KubeApiError);
    expect(failure).toMatchObject({
      status: 410,
      reason: 'Expired',
      message: 'watch pods: too old',
    });
  });
});
