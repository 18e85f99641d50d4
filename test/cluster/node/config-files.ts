import { join } from 'node:path';
import { stringify } from 'yaml';
import type { NodePrograms } from '../components.ts';
import { kubeconfigName } from './credentials.ts';
import { NODE, PAUSE_IMAGE } from './layout.ts';

/** What the daemons' configuration depends on. */
export interface ConfigContext {
  /** The node's state folder. */
  readonly state: string;
  /** The folders of runc and of the CNI plugins. */
  readonly programs: Pick<NodePrograms, 'runc' | 'cni'>;
  /** The hard limit of open files on this machine, which a kubelet may not exceed. */
  readonly maxOpenFiles: number;
}

/** Every file that the daemons read their configuration from, by name in the folder `etc`. */
export function configFiles(context: ConfigContext): Record<string, string> {
  return {
    'containerd.toml': containerd(context),
    'cni/10-pods.conflist': JSON.stringify(podNetwork),
    'kubelet.yaml': stringify(kubelet(context)),
    'kube-proxy.yaml': stringify(kubeProxy(context)),
    'audit-policy.yaml': stringify(auditPolicy),
    'resolv.conf': '',
    Corefile: corefile(context),
  };
}

// The image verifier stays although nothing verifies: without it neither CRI nor transfer load.
function containerd({ state, programs }: ConfigContext): string {
  const unused = [
    'io.containerd.nri.v1.nri',
    'io.containerd.snapshotter.v1.erofs',
    'io.containerd.differ.v1.erofs',
    'io.containerd.snapshotter.v1.blockfile',
    'io.containerd.snapshotter.v1.devmapper',
    'io.containerd.snapshotter.v1.btrfs',
    'io.containerd.snapshotter.v1.zfs',
    'io.containerd.internal.v1.tracing',
    'io.containerd.tracing.processor.v1.otlp',
  ];
  return `version = 3
root = '${state}/containerd'
state = '/run/containerd'
imports = []
disabled_plugins = ${JSON.stringify(unused)}
[grpc]
  address = '/run/containerd/containerd.sock'
[plugins.'io.containerd.metadata.v1.bolt']
  no_sync = true
[plugins.'io.containerd.internal.v1.opt']
  path = '/run/containerd/opt'
[plugins.'io.containerd.cri.v1.images']
  snapshotter = 'overlayfs'
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = '${PAUSE_IMAGE}'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true # root without CAP_SYS_RESOURCE may not lower it
  disable_apparmor = true
  enable_cdi = false
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = '${programs.runc}/runc'
      SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${programs.cni}']
    conf_dir = '${state}/etc/cni'
`;
}

const podNetwork = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: '/run/cni-ipam',
        ranges: [[NODE.podRange]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

// A full disk of the machine must neither evict pods nor delete images that cannot be pulled again.
function kubelet({ state, maxOpenFiles }: ConfigContext): object {
  const never = '0%';
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    cgroupDriver: 'cgroupfs',
    cgroupsPerQOS: true,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    maxOpenFiles,
    oomScoreAdj: 0,
    failSwapOn: false,
    address: NODE.address,
    tlsCertFile: join(state, 'pki/kubelet.crt'),
    tlsPrivateKeyFile: join(state, 'pki/kubelet.key'),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(state, 'pki/ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
    clusterDNS: [NODE.address],
    resolvConf: join(state, 'etc/resolv.conf'),
    volumePluginDir: join(state, 'kubelet/volumeplugins'),
    evictionHard: {
      'memory.available': never,
      'nodefs.available': never,
      'imagefs.available': never,
      'nodefs.inodesFree': never,
      'imagefs.inodesFree': never,
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    nodeStatusUpdateFrequency: '2s',
    syncFrequency: '5s',
    makeIPTablesUtilChains: false,
    shutdownGracePeriod: '0s',
  };
}

// Connection tracking is left alone: its settings are the whole machine's.
function kubeProxy({ state }: ConfigContext): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: join(state, 'pki', kubeconfigName('kube-proxy')) },
    mode: 'nftables',
    clusterCIDR: NODE.podNetwork,
    hostnameOverride: NODE.name,
    bindAddress: NODE.address,
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    oomScoreAdj: 0,
    nftables: { syncPeriod: '30s', minSyncPeriod: '100ms' },
  };
}

// Who did what to which object, and what was written to ours.
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'RequestResponse', resources: [{ group: 'tenantbot.dev' }] },
    { level: 'Metadata' },
  ],
};

// Names outside get NXDOMAIN at once; in one block with `kubernetes`, `template` would take all.
function corefile({ state }: ConfigContext): string {
  return `cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {
  bind ${NODE.address}
  errors
  health 127.0.0.1:20081
  ready 127.0.0.1:${NODE.dnsReadyPort}
  kubernetes {
    kubeconfig ${join(state, 'pki', kubeconfigName('coredns'))} tenantbot
    pods insecure
    ttl 5
  }
  cache 5
}
.:53 {
  bind ${NODE.address}
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;
}
