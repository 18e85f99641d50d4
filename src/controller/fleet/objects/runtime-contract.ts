/** What a pod gives its runtime, and where the runtime answers: both sides go by this file. */

/** Probes and metrics. */
export const HEALTH_PORT = 8081;
export const HEALTH_PORT_NAME = 'http';

/** Webhooks, where the fleet has an address for them. */
export const WEBHOOK_PORT = 8082;
export const WEBHOOK_PORT_NAME = 'webhook';

/** The only token in the pod: it is good for the control channel and nothing else. */
export const TOKEN_FOLDER = '/var/run/tenantbot';
export const TOKEN_FILE = 'token';
/** The kubelet renews it when four fifths of this are over. */
export const TOKEN_SECONDS = 3600;

export const CA_FOLDER = '/etc/tenantbot';
export const CA_FILE = 'ca.crt';

/** Pods get this much longer than their bots' drain before they are killed. */
export const SHUTDOWN_SECONDS = 10;
/**
 * Of that, a pod that takes webhooks goes on as before for so long, until nobody sends it any more:
 * what comes for other shards would meet a closed port else.
 */
export const LINGER_SECONDS = 3;
