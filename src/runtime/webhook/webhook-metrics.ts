import { Counter, type Registry } from 'prom-client';
import { WEBHOOK_RESULTS } from './webhook-server.ts';

/** Counts in `registry` how requests to the port for webhooks end. */
export function webhookCounter(registry: Registry): Counter<'result'> {
  const counter = new Counter({
    name: 'tenantbot_webhook_requests_total',
    help: 'Requests to the port for webhooks, by how they ended',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  for (const result of WEBHOOK_RESULTS) counter.inc({ result }, 0);
  return counter;
}
