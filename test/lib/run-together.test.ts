import { describe, expect, it } from 'vitest';
import { runTogether } from '../../src/lib/run-together.ts';

/** Runs until told, and notes that it has ended. */
function loop(ended: string[], name: string) {
  return (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        ended.push(name);
        resolve();
      });
    });
}

describe('runTogether', () => {
  it('ends all parts with the signal', async () => {
    const ended: string[] = [];
    const stop = new AbortController();
    const run = runTogether(stop.signal, [loop(ended, 'a'), loop(ended, 'b')]);
    stop.abort();
    await run;
    expect(ended).toEqual(['a', 'b']);
  });

  it('ends all others when one fails, and rejects with its failure', async () => {
    const ended: string[] = [];
    const failing = () => Promise.reject(new Error('broken'));
    const run = runTogether(new AbortController().signal, [loop(ended, 'a'), failing]);
    await expect(run).rejects.toThrow('broken');
    expect(ended).toEqual(['a']);
  });

  it('ends all others when one ends', async () => {
    const ended: string[] = [];
    await runTogether(new AbortController().signal, [loop(ended, 'a'), () => Promise.resolve()]);
    expect(ended).toEqual(['a']);
  });
});
