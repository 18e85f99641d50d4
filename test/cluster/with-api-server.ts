import { describe, inject } from 'vitest';

/** What `*.api.test.ts` files get. */
export interface TestApiServer {
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Path of the audit log, one event a line; undefined on a cluster that somebody named. */
  readonly auditLog: string | undefined;
}

/** `describe`, skipped where there is no API server to be had. */
export function describeWithApiServer(name: string, suite: (server: TestApiServer) => void): void {
  const kubeconfig = inject('kubeconfig');
  const auditLog = inject('auditLog');
  describe.skipIf(kubeconfig === undefined)(name, () => {
    suite({ kubeconfig: kubeconfig ?? '', auditLog });
  });
}
