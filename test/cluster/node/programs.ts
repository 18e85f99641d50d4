import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environmentError } from '../../../src/lib/errors.ts';

/** Where the programs that a node is made of are. */
export interface Programs {
  /** The folder that holds etcd, kubelet, containerd, ctr, runc, coredns, kubectl, helm and so on. */
  readonly bin: string;
  /** The folder of the CNI plugins. */
  readonly cni: string;
}

/** The programs of the node; rejects where they are not there. */
export function findPrograms(): Promise<Programs> {
  const cache = join(homedir(), '.cache/tenantbot-lab');
  const programs = { bin: join(cache, 'bin'), cni: join(cache, 'cni') };
  if (existsSync(join(programs.bin, 'kubelet'))) return Promise.resolve(programs);
  return Promise.reject(environmentError('NO_COMPONENTS', `${programs.bin} holds no kubelet`));
}
