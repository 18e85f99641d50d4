/** Parts of Kubernetes and its surroundings that the tests run, each built from a Go module of ours. */
export const COMPONENT_NAMES = [
  'kube',
  'containerd',
  'runc',
  'cni',
  'coredns',
  'helm',
  'promtool',
  'tools',
] as const;
export type ComponentName = (typeof COMPONENT_NAMES)[number];

/** How a component is built. Its module, with pinned versions, is the folder of its name. */
export interface Recipe {
  /** What the folder of the component holds once it is built. */
  readonly programs: readonly string[];
  /** What the programs are links to, where they are one program that goes by its name. */
  readonly linkedTo?: string;
  readonly packages: readonly string[];
  readonly tags?: readonly string[];
  readonly ldflags?: readonly string[];
  /** Whether C is in it, and which packages of Debian that takes. */
  readonly cgo?: readonly string[];
  /** On two cores and with nothing cached, for the person who waits. */
  readonly minutes: number;
}

const KUBERNETES = 'v1.35.4';
const KUBE_VERSION = {
  gitVersion: KUBERNETES,
  gitMajor: '1',
  gitMinor: '35',
  gitTreeState: 'clean',
  gitCommit: 'module',
  buildDate: '1970-01-01T00:00:00Z',
};

/** The one list of what is built and how. */
export const COMPONENTS: Readonly<Record<ComponentName, Recipe>> = {
  kube: {
    programs: [
      'etcd',
      'kube-apiserver',
      'kube-controller-manager',
      'kube-scheduler',
      'kubelet',
      'kube-proxy',
      'kubectl',
    ],
    linkedTo: 'kubebin',
    packages: ['.'],
    // Kubernetes knows its version from the linker alone; without, clients see v0.0.0.
    ldflags: Object.entries(KUBE_VERSION).map(
      ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
    ),
    minutes: 7,
  },
  containerd: {
    programs: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
    packages: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(
      (program) => `github.com/containerd/containerd/v2/cmd/${program}`,
    ),
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs', 'no_aufs'],
    cgo: ['gcc', 'libc6-dev'],
    minutes: 2,
  },
  runc: {
    programs: ['runc'],
    packages: ['github.com/opencontainers/runc'],
    // Without seccomp, no pod with a RuntimeDefault profile starts.
    tags: ['seccomp', 'netgo', 'osusergo'],
    ldflags: ['-linkmode external', '-extldflags -static'],
    cgo: ['gcc', 'libc6-dev', 'libseccomp-dev', 'pkg-config'],
    minutes: 1,
  },
  cni: {
    programs: ['bridge', 'loopback', 'host-local', 'portmap'],
    packages: ['main/bridge', 'main/loopback', 'ipam/host-local', 'meta/portmap'].map(
      (plugin) => `github.com/containernetworking/plugins/plugins/${plugin}`,
    ),
    minutes: 1,
  },
  coredns: { programs: ['coredns'], packages: ['.'], minutes: 2 },
  helm: { programs: ['helm'], packages: ['helm.sh/helm/v4/cmd/helm'], minutes: 3 },
  promtool: {
    programs: ['promtool'],
    packages: ['github.com/prometheus/prometheus/cmd/promtool'],
    // What finds targets is of no use here, and most of what it would take to build.
    tags: ['remove_all_sd'],
    minutes: 8,
  },
  tools: { programs: ['pause', 'relay'], packages: ['./pause', './relay'], minutes: 1 },
};
