/**
 * The load generator: plain HTTP/1.1 over kept-alive sockets, one call under way on each, written
 * by hand so that it costs far less than what it measures. See {@link LoadRequest}.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { answerParent } from '../../support/answering.ts';
import type { Address } from './serving.ts';

/** What the generator is asked for. */
export type LoadRequest =
  /** Polls for each of the first `polls` bots, one poll after the other, from then on. */
  | { readonly kind: 'poll'; readonly address: Address; readonly polls: number }
  /** Makes `calls` calls as fast as they are answered; answered with {@link Load}. */
  | {
      readonly kind: 'load';
      readonly address: Address;
      readonly method: 'getMe' | 'sendMessage';
      readonly calls: number;
      readonly connections: number;
    };

/** What a load showed. */
export interface Load {
  readonly seconds: number;
  /** Answers other than 200. */
  readonly refused: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const POLL_SECONDS = 50;

answerParent((request: LoadRequest) => {
  switch (request.kind) {
    case 'poll':
      return poll(request.address, request.polls);
    case 'load':
      return load(request);
    default:
      return request satisfies never;
  }
});

async function poll({ port, bots }: Address, polls: number): Promise<void> {
  for (const { token } of bots.slice(0, polls)) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const ask = (offset: number): boolean =>
      socket.write(callBytes(token, 'getUpdates', { offset, timeout: POLL_SECONDS }));
    onAnswers(socket, (_status, body) => ask(lastUpdateId(body) + 1));
    // Ends with the server.
    socket.on('error', () => undefined);
    ask(0);
  }
}

async function load(request: LoadRequest & { readonly kind: 'load' }): Promise<Load> {
  const { address, method, calls, connections } = request;
  const bytes = address.bots.map(({ token, userId }) =>
    callBytes(
      token,
      method,
      method === 'getMe' ? {} : { chat_id: userId, text: 'Hello from the load generator' },
    ),
  );
  const tookMs = new Float64Array(calls);
  let started = 0;
  let refused = 0;
  const next = (): Buffer => bytes[started++ % bytes.length] as Buffer;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(address.port, '127.0.0.1').setNoDelay();
      await once(socket, 'connect');
      await new Promise<void>((resolve, reject) => {
        let sentMs = 0;
        let own = 0;
        const send = (): void => {
          if (started === calls) {
            socket.destroy();
            resolve();
            return;
          }
          own = started;
          sentMs = performance.now();
          socket.write(next());
        };
        onAnswers(socket, (status) => {
          tookMs[own] = performance.now() - sentMs;
          if (status !== 200) refused++;
          send();
        });
        socket.on('error', reject);
        send();
      });
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  tookMs.sort();
  const at = (share: number): number => tookMs[Math.floor(calls * share)] ?? Number.NaN;
  return { seconds, refused, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** The id of the newest update in an answer, -1 where there is none. */
function lastUpdateId(body: string): number {
  const at = body.lastIndexOf('"update_id":');
  return at === -1 ? -1 : Number.parseInt(body.slice(at + '"update_id":'.length), 10);
}

/** Calls `onAnswer` with each answer, as Latin-1. */
function onAnswers(socket: Socket, onAnswer: (status: number, body: string) => void): void {
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    rest += text;
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, headEnd))?.[1]);
    if (rest.length < headEnd + 4 + length) return;
    const status = Number(rest.slice(9, 12));
    const body = rest.slice(headEnd + 4, headEnd + 4 + length);
    rest = rest.slice(headEnd + 4 + length);
    onAnswer(status, body);
  });
}

function callBytes(token: string, method: string, parameters: object): Buffer {
  const body = JSON.stringify(parameters);
  return Buffer.from(
    `POST /bot${token}/${method} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
