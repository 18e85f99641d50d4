import { once } from 'node:events';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { SYNC_PATH } from '../../../src/control/messages.ts';
import { inSystem, OPERATOR_NAMESPACE, RELEASE } from './installation.ts';
import type { Kubectl } from './kubectl.ts';

/** What the control channel said. */
export interface ControlAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request on the control channel, honest or not. */
export interface ControlAttempt {
  /** Sent as Bearer; no token at all unless given. */
  readonly token?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Beside, or instead of, what a runtime that begins would say. */
  readonly body?: object;
}

/** The control channel of one replica of the operator (`target`: `svc/…` or `pod/…`), from here. */
export async function openControlChannel(kubectl: Kubectl, target: string) {
  const { data } = await kubectl.get(...inSystem('configmap', 'tenantbot-default'));
  const forwarded = await kubectl.forward(OPERATOR_NAMESPACE, target, 9443);
  const { port } = new URL(forwarded.url);
  return {
    async ask({ token, path = SYNC_PATH, headers = {}, body }: ControlAttempt) {
      const sent = request({
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        agent: false,
        ca: data['ca.crt'],
        servername: `${RELEASE}-control.${OPERATOR_NAMESPACE}.svc`,
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
      });
      sent.end(JSON.stringify({ ...BEGINNING, ...body }));
      const [response] = await once(sent, 'response');
      return { status: response.statusCode, body: await text(response) } as ControlAnswer;
    },
    [Symbol.asyncDispose]: () => forwarded.close(),
  };
}

const BEGINNING = { protocol: 1, session: 'an-intruder', seq: 1, hosting: [], reports: [] };
