import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { restClientMetrics } from '../../src/kube/rest-client-metrics.ts';
import { CONFIG_MAPS } from '../../src/kube/well-known.ts';
import { clientOf, reply, replyError, serve } from './local-server.ts';

it("tells of every try of a request under client-go's names", async () => {
  const server = await serve(({ socket }, response) => {
    const turn = server.received.length;
    if (turn === 1) socket.destroy();
    else if (turn === 2) replyError(response.setHeader('retry-after', '0'), 429, 'TooManyRequests');
    else reply(response, 200, {});
  });
  const registry = new Registry();
  const client = clientOf(server.url, { metrics: restClientMetrics(registry) });
  await client.get(CONFIG_MAPS, { name: 'x', namespace: 'team-a' });
  const { host } = server.url;
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      `rest_client_requests_total{code="<error>",method="GET",host="${host}"} 1`,
      `rest_client_requests_total{code="429",method="GET",host="${host}"} 1`,
      `rest_client_requests_total{code="200",method="GET",host="${host}"} 1`,
      `rest_client_request_retries_total{code="<error>",verb="GET",host="${host}"} 1`,
      `rest_client_request_retries_total{code="429",verb="GET",host="${host}"} 1`,
      `rest_client_request_duration_seconds_count{verb="GET",host="${host}"} 3`,
      `rest_client_rate_limiter_duration_seconds_count{verb="GET",host="${host}"} 3`,
    ]),
  );
});
