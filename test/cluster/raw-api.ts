import { once } from 'node:events';
import { type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { KubeConfig } from '@kubernetes/client-node';

/** What the API server said. */
export interface RawAnswer {
  readonly status: number;
  /** Parsed where it is JSON, else text. */
  readonly body: unknown;
}

/** A request as it goes over the wire. */
export interface RawRequest {
  readonly method?: string;
  /** With its query. */
  readonly path: string;
  readonly body?: object;
  /** `application/json` unless given. */
  readonly contentType?: string;
}

/** Sends one request as the kubeconfig's user. Any answer resolves, errors too. */
export async function rawApi(
  kubeconfig: string,
  { method = 'GET', path, body, contentType = 'application/json' }: RawRequest,
): Promise<RawAnswer> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const options: RequestOptions = { method, headers: { 'content-type': contentType } };
  await config.applyToHTTPSOptions(options);
  const url = `${config.getCurrentCluster()?.server}${path}`;
  const sent = request(url, options);
  sent.end(body && JSON.stringify(body));
  const [response] = await once(sent, 'response');
  const said = await text(response);
  const isJson = response.headers['content-type']?.includes('json') === true;
  return { status: response.statusCode, body: isJson ? JSON.parse(said) : said };
}
