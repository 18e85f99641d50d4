import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { moduleFolder } from './component-hash.ts';
import { ensureComponents } from './components.ts';
import { findGo } from './go.ts';

const hasGo = await findGo(moduleFolder('tools')).then(
  () => true,
  () => false,
);

describe.skipIf(!hasGo)('the cache of components', () => {
  let cache: string;
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'components-'));
    vi.stubEnv('XDG_CACHE_HOME', cache);
    // The compiler's own cache stays where it is, and warm.
    vi.stubEnv('GOCACHE', join(process.env['HOME'] ?? homedir(), '.cache/go-build'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(cache, { recursive: true });
  });

  it('builds once, whoever asks at the same time', async () => {
    const said: string[] = [];
    const log = (line: string): number => said.push(line);
    const [one, other] = await Promise.all([
      ensureComponents(['tools'], { log }),
      ensureComponents(['tools'], { log }),
    ]);
    expect(other).toEqual(one);
    expect(await readdir(one.tools)).toEqual(['pause', 'relay']);
    expect(said.filter((line) => line.startsWith('building tools …'))).toHaveLength(1);
    expect(said.filter((line) => line.startsWith('waiting for another run'))).toHaveLength(1);

    said.length = 0;
    expect(await ensureComponents(['tools'], { log })).toEqual(one);
    expect(said).toEqual([]);
  });

  it('leaves nothing of a build that was broken off', async () => {
    const stopping = new AbortController();
    const log = (): void => stopping.abort();
    await expect(ensureComponents(['tools'], { log, signal: stopping.signal })).rejects.toThrow(
      'abort',
    );
    expect(await readdir(join(cache, 'tenantbot-cluster'))).toEqual([]);
  });
});
