import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentError } from '../../src/lib/errors.ts';
import { ensureComponents } from './components.ts';
import type { WorkOptions } from './work-options.ts';

/** The programs that a control plane is made of. */
export type ControlPlaneProgram =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kubectl';

/**
 * The folder that holds these programs: `KUBEBUILDER_ASSETS` where that is set and has them all,
 * else our own build. Rejects where `KUBEBUILDER_ASSETS` has no API server at all.
 */
export async function findControlPlanePrograms(
  programs: readonly ControlPlaneProgram[],
  options: WorkOptions,
): Promise<string> {
  const assets = process.env['KUBEBUILDER_ASSETS'];
  if (!assets) return (await ensureComponents(['kube'], options)).kube;
  const missing = programs.filter((program) => !existsSync(join(assets, program)));
  if (missing.length === 0) return assets;
  if (!existsSync(join(assets, 'kube-apiserver'))) {
    throw environmentError(
      'ASSETS_MISSING',
      `KUBEBUILDER_ASSETS names ${assets}, where there is no kube-apiserver; name a folder with etcd, kube-apiserver and kubectl, or unset it`,
    );
  }
  options.log(`KUBEBUILDER_ASSETS has no ${missing.join(', ')}: taking our own build`);
  return (await ensureComponents(['kube'], options)).kube;
}
