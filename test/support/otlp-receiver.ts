import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A span as OTLP has it in JSON, with its attributes as an object. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly service: unknown;
  readonly isFailed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly Attribute[];
  readonly status?: { readonly code?: number };
}

/** A collector that takes OTLP over HTTP and keeps what comes. */
export class OtlpReceiver implements AsyncDisposable {
  /** What came, as it came. */
  readonly bodies: string[] = [];
  /** What it answers. */
  status = 200;
  readonly #server = createServer((request, response) => {
    void this.#take(request, response);
  });

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>((resolve) => {
      receiver.#server.listen(0, '127.0.0.1', resolve);
    });
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get spans(): readonly ReceivedSpan[] {
    return this.bodies.flatMap((body) => readSpans(JSON.parse(body) as Request));
  }

  /** The one span of that name; throws where there is none, or another. */
  span(name: string): ReceivedSpan {
    const found = this.spans.filter((span) => span.name === name);
    const [only] = found;
    if (only && found.length === 1) return only;
    const names = this.spans.map((span) => span.name).join(', ');
    throw new Error(`${found.length} spans "${name}" among ${names}`);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (request.url === '/v1/traces' && this.status === 200) this.bodies.push(body);
    response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}

function readSpans({ resourceSpans }: Request): readonly ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId, name, kind, attributes, status }) => ({
        traceId,
        spanId,
        parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
        name,
        kind,
        service: plain(resource.attributes)['service.name'],
        isFailed: status?.code === 2,
        attributes: plain(attributes),
      })),
    ),
  );
}

function plain(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
