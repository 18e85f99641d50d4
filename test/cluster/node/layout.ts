/** Addresses and names inside the node's own network: the same in every node. */
export const NODE = {
  name: 'node-1',
  /** The bridge's address: of the node, and the gateway of its pods. */
  address: '10.244.0.1',
  podNetwork: '10.244.0.0/16',
  podRange: { subnet: '10.244.0.0/24', rangeStart: '10.244.0.10' },
  serviceNetwork: '10.96.0.0/16',
  /** The first of the service network, which `kubernetes.default.svc` gets. */
  apiServiceAddress: '10.96.0.1',
  apiPort: 6443,
  dnsReadyPort: 20082,
  proxyHealthPort: 10256,
} as const;

/** The image that holds a pod's namespaces; made by hand, so never pulled. */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.1';
