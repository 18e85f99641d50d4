import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch as undiciFetch } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runEmulator } from '../../src/cli/commands/emulator.ts';
import { EmulatorClient } from '../../src/emulator/control-client.ts';
import { makeCertificates } from '../../src/emulator/tls.ts';
import { waitFor } from '../support/wait.ts';

const FREE_PORTS = { port: 0, controlPort: 0 };

interface Run {
  readonly lines: string[];
  readonly end: () => Promise<void>;
}

async function started(flags: object): Promise<Run> {
  const lines: string[] = [];
  const ending = new AbortController();
  const done = runEmulator(
    { ...FREE_PORTS, ...flags },
    { out: (line) => lines.push(line) },
    ending.signal,
  );
  await Promise.race([done, waitFor('the ready line', () => lines.at(-1)?.startsWith('ready'))]);
  return {
    lines,
    end() {
      ending.abort();
      return done;
    },
  };
}

function refused(flags: object): Promise<void> {
  return runEmulator({ ...FREE_PORTS, ...flags }, { out: () => undefined }, AbortSignal.abort());
}

describe('tenantbot emulator', () => {
  it('says where everything is and how to use it, then that it is ready, until it is ended', async () => {
    const { lines, end } = await started({});
    const [, api] = /^Bot API +(http:\S+)$/m.exec(lines.join('\n')) ?? [];
    const [, control] = /^control interface +(http:\S+)/m.exec(lines.join('\n')) ?? [];
    expect(lines).toContain(`  npm start -- --api-root ${api} --emulator-control ${control}`);
    const { token } = await new EmulatorClient(String(control)).createBot();
    expect((await fetch(`${api}/bot${token}/getMe`)).status).toBe(200);
    await end();
    await expect(fetch(`${api}/bot${token}/getMe`)).rejects.toThrow('fetch failed');
  });

  it('turns on the limits that it is told to', async () => {
    const { lines, end } = await started({ coldStart: true, floodControl: true });
    onTestFinished(end);
    const [, control] = /^control interface +(http:\S+)/m.exec(lines.join('\n')) ?? [];
    expect(await new EmulatorClient(String(control)).limits()).toMatchObject({
      coldStart: { perMinute: 20 },
      overload: null,
      floodControl: { groupPerMinute: 20 },
      nameChanges: null,
    });
  });

  it('writes the CA to trust where it is told to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const caFile = join(folder, 'ca.pem');
    const { lines, end } = await started({ tls: true, http2: true, caFile });
    onTestFinished(end);
    const [, api] = /^Bot API +(https:\S+)$/m.exec(lines.join('\n')) ?? [];
    expect(lines.some((line) => line.endsWith(` --api-ca ${caFile}`))).toBe(true);
    const dispatcher = new Agent({ connect: { ca: await readFile(caFile, 'utf8') } });
    onTestFinished(() => dispatcher.close());
    expect((await undiciFetch(`${api}/bot`, { dispatcher })).status).toBe(404);
  });

  it('serves HTTPS with the certificate that it is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { cert, key, caPem } = await makeCertificates('127.0.0.1');
    const [tlsCert, tlsKey] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    await writeFile(tlsCert, cert);
    await writeFile(tlsKey, key);
    const { lines, end } = await started({ tlsCert, tlsKey });
    onTestFinished(end);
    const [, api] = /^Bot API +(https:\S+)$/m.exec(lines.join('\n')) ?? [];
    const dispatcher = new Agent({ connect: { ca: caPem } });
    onTestFinished(() => dispatcher.close());
    expect((await undiciFetch(`${api}/bot`, { dispatcher })).status).toBe(404);
  });

  it.each([
    [{ port: 'many' }, '--port: must be a whole number from 0 to 65535'],
    [{ port: '' }, '--port: must be a whole number from 0 to 65535'],
    [{ port: true }, '--port: must be a whole number from 0 to 65535'],
    [{ port: 70_000 }, '--port: must be a whole number from 0 to 65535'],
    [{ unknownTokens: 'maybe' }, '--unknown-tokens: '],
    [{ tlsCert: 'a.pem' }, '--tls-cert and --tls-key belong together'],
    [{ http2: true }, '--http2 needs HTTPS'],
    [{ caFile: 'x' }, '--ca-file needs a CA made for this run'],
    [
      { tlsCert: '/nowhere/a.pem', tlsKey: '/nowhere/b.pem' },
      "--tls-cert: can't read /nowhere/a.pem",
    ],
    [
      { tlsCert: 'package.json', tlsKey: 'package.json' },
      '--tls-cert: package.json is not a PEM file',
    ],
    [{ tls: true, caFile: '/nowhere/ca.pem' }, "--ca-file: can't write /nowhere/ca.pem"],
    [{ prot: 1 }, 'prot'],
  ])('refuses %j in words', async (flags, words) => {
    await expect(refused(flags)).rejects.toThrow(words);
  });
});
