import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../../src/lib/certificates.ts';
import { freePort } from '../../src/lib/free-port.ts';
import { type Program, startProgram } from '../support/program.ts';

/** A Postgres of the tests' own. */
export interface PostgresServer {
  /** Where it is, as its superuser: `postgres://postgres:…@127.0.0.1:1234`. */
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it, and each process that works for it, as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again with the same data, at the same place. */
  restart(): Promise<void>;
}

const PASSWORD = 'pass-of-the-tests';
/** As root, Postgres refuses to run. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** Starts a server with the programs in the folder `bin`, and with nothing in it. */
export async function startPostgres(bin: string, tls?: KeyPair): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantbot-postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  mkdirSync(data);
  const cert = join(folder, 'cert.pem');
  const key = join(folder, 'key.pem');
  writeFileSync(cert, tls?.cert ?? '');
  writeFileSync(key, tls?.key ?? '', { mode: 0o600 });
  for (const path of [folder, data, passwordFile, cert, key]) {
    if (nobody.uid !== undefined) chownSync(path, nobody.uid, nobody.gid);
  }
  const args = ['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '--auth=scram-sha-256'];
  const more = ['--no-sync', '--encoding=UTF8', '--locale=C'];
  execFileSync(join(bin, 'initdb'), [...args, ...more], { stdio: 'pipe', ...nobody });
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '32MB',
    ...(tls && { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key }),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const start = (): Promise<Program> =>
    startProgram([join(bin, 'postgres'), '-D', data, ...flags], {
      ...nobody,
      until: /ready to accept connections/,
    });
  let program = await start();
  return {
    url: `postgres://postgres:${PASSWORD}@127.0.0.1:${port}`,
    async stop() {
      await program.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
    kill() {
      killAll(Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10));
      return program.exited.then(() => undefined);
    },
    async restart() {
      program = await start();
    },
  };
}

/** The first one would start the others anew. */
function killAll(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  process.kill(pid, 'SIGKILL');
  for (const child of children) {
    try {
      process.kill(Number(child), 'SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  }
}
