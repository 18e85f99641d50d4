import { existsSync } from 'node:fs';
import { runProgram } from '../node/run-program.ts';

/** How npm inside a build gets what npm out here gets, as arguments of `build` programs. */
export async function npmAccess(): Promise<string[]> {
  const env = process.env;
  const caFile = [await npmConfig('cafile'), env['NODE_EXTRA_CA_CERTS'], env['SSL_CERT_FILE']];
  const secrets = { npmrc: [await npmConfig('userconfig')], ca: caFile };
  return Object.entries(secrets).flatMap(([id, candidates]) => {
    const source = candidates.find((path) => path && existsSync(path));
    return source ? [`--secret=id=${id},src=${source}`] : [];
  });
}

async function npmConfig(name: string): Promise<string> {
  const value = (await runProgram(['npm', 'config', 'get', name])).trim();
  return value === 'null' || value === 'undefined' ? '' : value;
}
