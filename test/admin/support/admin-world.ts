import { onTestFinished } from 'vitest';
import type { AdminDeps } from '../../../src/admin/api.ts';
import type { AdminBackend, BotObject, Catalog } from '../../../src/admin/backend.ts';
import type { Access } from '../../../src/admin/caller.ts';
import { type AdminServerOptions, startAdminServer } from '../../../src/admin/server.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { inputError } from '../../../src/lib/errors.ts';
import { createLog } from '../../../src/telemetry/log.ts';

/** Knows ana, who may do all, and bob, who may nothing. */
const ACCESS: Access = {
  authenticate: async (token) => {
    const name = /^token-of-(ana|bob)$/.exec(token.reveal())?.[1];
    return name === undefined ? undefined : { name, token };
  },
  may: async ({ name }) => name === 'ana',
};

const NOTHING: Catalog<never> = {
  version: () => '0',
  list: () => [],
  get: () => undefined,
  watch: () => () => undefined,
};

function refuse(): Promise<BotObject> {
  return Promise.reject(inputError('NOT_HERE', 'nothing can be written here'));
}

/** A standalone with nothing in it. */
export const BACKEND: AdminBackend = {
  mode: 'standalone',
  leader: () => ({ holder: null, isThis: false, term: null, since: null }),
  telegramOf: () => ({ apiRoot: 'http://127.0.0.1:1' }),
  bots: NOTHING,
  fleets: NOTHING,
  writer: { patch: refuse, create: refuse, ask: async () => undefined },
  history: () => undefined,
  audit: () => undefined,
};

/** An admin server on a free port of loopback, with nothing behind it unless that is given. */
export async function openAdmin(
  options: Partial<AdminServerOptions> = {},
  deps: Partial<AdminDeps> = {},
) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    names: [],
    page: '/nonexistent',
    ...options,
    deps: {
      backend: BACKEND,
      access: ACCESS,
      clock: systemClock,
      log: createLog({ level: 'info', format: 'json', destination }),
      ...deps,
    },
  });
  onTestFinished(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  return { url, port: server.port, lines, close: () => server.close() };
}

/** Headers of bob. */
export const BOB = { authorization: 'Bearer token-of-bob' };

/** Headers of ana. */
export const ANA = { authorization: 'Bearer token-of-ana' };
