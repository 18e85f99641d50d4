import { spawn } from 'node:child_process';
import { errorMessage } from '../../lib/errors.ts';
import type { LocalClient } from '../local-client.ts';
import type { Io } from './io.ts';

/** How {@link runOpen} works. */
export interface OpenOptions {
  /** Says the address and leaves it to people to open it. */
  readonly printOnly: boolean;
  readonly platform: NodeJS.Platform;
}

/** `tenantbot open`: the page of a standalone in the browser of this machine, logged in. */
export async function runOpen(
  client: LocalClient,
  { printOnly, platform }: OpenOptions,
  io: Io,
): Promise<void> {
  const url = await client.pageAddress();
  io.out(url);
  if (printOnly) return;
  const [program, ...first] = OPENERS[platform] ?? ['xdg-open'];
  const { promise, resolve } = Promise.withResolvers<void>();
  spawn(program, [...first, url], { stdio: 'ignore', detached: true })
    .once('spawn', resolve)
    .once('error', (error) => {
      io.err(`no browser could be opened (${errorMessage(error)}); open the address in one`);
      resolve();
    })
    .unref();
  await promise;
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
