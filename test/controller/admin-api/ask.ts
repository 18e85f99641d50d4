import { Agent, request } from 'undici';

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks a server whose certificate nobody vouches for. */
export async function ask(
  url: string,
  {
    method = 'GET',
    path,
    token,
    body,
  }: {
    readonly method?: string;
    readonly path: string;
    readonly token?: string | undefined;
    readonly body?: object | undefined;
  },
): Promise<Answer> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const response = await request(`${url}${path}`, {
      method,
      dispatcher,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body ? JSON.stringify(body) : null,
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) };
  } finally {
    await dispatcher.close();
  }
}
