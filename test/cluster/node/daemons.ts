import { join } from 'node:path';
import type { NodePrograms } from '../components.ts';
import { kubeconfigName, type UserName } from './credentials.ts';
import { NODE } from './layout.ts';

/** The daemons of a node. */
export type Daemon =
  | 'etcd'
  | 'kube-apiserver'
  | 'containerd'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'coredns'
  | 'kubelet';

/** The command line of each daemon of the node whose state is in `state`. */
export function daemonCommands(state: string, programs: NodePrograms): Record<Daemon, string[]> {
  const pki = (name: string): string => join(state, 'pki', name);
  const etc = (name: string): string => join(state, 'etc', name);
  const kubeconfig = (user: UserName): string => `--kubeconfig=${pki(kubeconfigName(user))}`;
  const kube = (name: Daemon, ...flags: string[]): string[] => [
    join(programs.kube, name),
    ...flags,
  ];
  return {
    etcd: kube(
      'etcd',
      `--data-dir=${join(state, 'etcd')}`,
      '--listen-client-urls=http://127.0.0.1:2379',
      '--advertise-client-urls=http://127.0.0.1:2379',
      '--listen-peer-urls=http://127.0.0.1:2380',
      '--unsafe-no-fsync',
    ),
    'kube-apiserver': kube(
      'kube-apiserver',
      '--etcd-servers=http://127.0.0.1:2379',
      `--secure-port=${NODE.apiPort}`,
      '--bind-address=0.0.0.0',
      `--advertise-address=${NODE.address}`,
      `--service-cluster-ip-range=${NODE.serviceNetwork}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged',
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      `--token-auth-file=${pki('tokens.csv')}`,
      `--kubelet-client-certificate=${pki('kubelet-client.crt')}`,
      `--kubelet-client-key=${pki('kubelet-client.key')}`,
      `--kubelet-certificate-authority=${pki('ca.crt')}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${pki('sa.key')}`,
      `--service-account-key-file=${pki('sa.key')}`,
      `--audit-policy-file=${etc('audit-policy.yaml')}`,
      `--audit-log-path=${join(state, 'log/audit.jsonl')}`,
      // One file for tests to read; otherwise another one begins every 100 MB.
      '--audit-log-maxsize=100000',
    ),
    containerd: [join(programs.containerd, 'containerd'), '--config', etc('containerd.toml')],
    'kube-controller-manager': kube(
      'kube-controller-manager',
      kubeconfig('kube-controller-manager'),
      `--service-account-private-key-file=${pki('sa.key')}`,
      `--root-ca-file=${pki('ca.crt')}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      // With its defaults the first ServiceAccount, and so the first pod, takes four seconds more.
      '--kube-api-qps=500',
      '--kube-api-burst=1000',
    ),
    'kube-scheduler': kube(
      'kube-scheduler',
      kubeconfig('kube-scheduler'),
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
    ),
    'kube-proxy': kube('kube-proxy', `--config=${etc('kube-proxy.yaml')}`),
    coredns: [join(programs.coredns, 'coredns'), '-conf', etc('Corefile')],
    kubelet: kube(
      'kubelet',
      `--config=${etc('kubelet.yaml')}`,
      kubeconfig('kubelet'),
      `--root-dir=${join(state, 'kubelet')}`,
      `--hostname-override=${NODE.name}`,
      `--node-ip=${NODE.address}`,
    ),
  };
}
