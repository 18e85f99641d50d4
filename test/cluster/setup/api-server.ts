import type { TestProject } from 'vitest/node';
import { errorMessage } from '../../../src/lib/errors.ts';
import { ensureComponents } from '../components.ts';
import { type ControlPlane, startControlPlane } from '../control-plane.ts';
import { installCrds } from '../install-crds.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of a kubeconfig with all rights; undefined where there is no API server to be had. */
    kubeconfig: string | undefined;
    /** Path of the API server's audit log; undefined on a cluster that somebody named. */
    auditLog: string | undefined;
  }
}

/**
 * Gives the tests an API server with our CRDs: the cluster of `KUBECONFIG_E2E`, else a control
 * plane of this run's own. Where neither can be had, says so loudly and lets the tests be skipped;
 * with `CI=true` the run fails.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const named = process.env['KUBECONFIG_E2E'];
  if (named) {
    await installCrds(named);
    project.provide('kubeconfig', named);
    return undefined;
  }
  const controlPlane = await startOrSkip();
  if (!controlPlane) return undefined;
  try {
    await installCrds(controlPlane.kubeconfigPath);
  } catch (error) {
    await controlPlane.stop();
    throw error;
  }
  project.provide('kubeconfig', controlPlane.kubeconfigPath);
  project.provide('auditLog', controlPlane.auditLogPath);
  return () => controlPlane.stop();
}

async function startOrSkip(): Promise<ControlPlane | undefined> {
  const log = (line: string): void => console.error(`cluster: ${line}`);
  try {
    // Helm and kubectl for the tests of the chart: no test should wait for a build.
    await ensureComponents(['kube', 'helm', 'promtool'], { log });
    return await startControlPlane({ controllers: true, log });
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    log(`!!! SKIPPING EVERY TEST THAT NEEDS AN API SERVER: ${errorMessage(error)}`);
    return undefined;
  }
}
