import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Secret } from '../../lib/secret.ts';
import { writeFileAtomically } from './atomic-file.ts';

/** Where the standalone that holds a data folder listens, and what it takes to be let in. */
export interface Endpoint {
  /** Of the local API, */
  readonly url: string;
  /** and of the admin API with its page. */
  readonly adminUrl: string;
  readonly token: Secret;
  readonly pid: number;
}

const endpointSchema = z.object({
  url: z.url(),
  adminUrl: z.url(),
  token: z.string(),
  pid: z.int(),
});
const FILE = 'standalone.json';

/** Leaves word for `tenantbot get` and its like, readable for the owner alone. */
export function writeEndpoint(folder: string, endpoint: Endpoint): Promise<void> {
  const text = JSON.stringify({ ...endpoint, token: endpoint.token.reveal() }, undefined, 2);
  return writeFileAtomically(join(folder, FILE), `${text}\n`);
}

/** Undefined where no standalone has left word. */
export async function readEndpoint(folder: string): Promise<Endpoint | undefined> {
  try {
    const text = await readFile(join(folder, FILE), 'utf8');
    const endpoint = endpointSchema.parse(JSON.parse(text));
    return { ...endpoint, token: new Secret(endpoint.token) };
  } catch {
    return undefined;
  }
}

export async function removeEndpoint(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
}
