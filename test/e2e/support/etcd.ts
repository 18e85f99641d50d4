import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { environmentError } from '../../../src/lib/errors.ts';
import type { NodeAccess } from '../../cluster/node/node-access.ts';

/** A key of etcd and its value, which may be protobuf. */
export interface EtcdEntry {
  readonly key: string;
  readonly value: Buffer;
}

/** etcd itself, as it lies beneath the API server: by its JSON gateway. */
export class Etcd {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  static async of(node: NodeAccess): Promise<Etcd> {
    const port = await node.relays.out({ host: '127.0.0.1', port: 2379 });
    return new Etcd(`http://127.0.0.1:${port}`);
  }

  /** How often anything was written so far. */
  async revision(): Promise<number> {
    const { header } = await this.#post('/v3/kv/range', { ...EVERYTHING, limit: 1 });
    return Number(header.revision);
  }

  /** Every key as it is now. */
  async entries(): Promise<EtcdEntry[]> {
    const { kvs = [] } = await this.#post('/v3/kv/range', EVERYTHING);
    return kvs.map(entry);
  }

  /** Every value that was written from revision `from` on, also those that are no more. */
  async *history(from: number): AsyncGenerator<EtcdEntry> {
    const last = await this.revision();
    const create_request = { ...EVERYTHING, start_revision: from };
    const { body } = await this.#send('/v3/watch', { create_request });
    if (!body) throw environmentError('ETCD', 'a watch without a body');
    const stream = Readable.fromWeb(body);
    try {
      for await (const line of createInterface(stream)) {
        const { result } = JSON.parse(line) as WatchFrame;
        if (result.canceled) throw environmentError('ETCD', `no history: ${line}`);
        const changes = (result.events ?? []).map(({ kv }) => kv);
        yield* changes.map(entry);
        if (changes.some(({ mod_revision: at }) => Number(at) >= last)) return;
      }
    } finally {
      stream.destroy();
    }
  }

  async #post(path: string, body: object): Promise<RangeAnswer> {
    return (await (await this.#send(path, body)).json()) as RangeAnswer;
  }

  async #send(path: string, body: object): Promise<Response> {
    const options = { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(`${this.#url}${path}`, options);
    if (!response.ok) throw environmentError('ETCD', `${path}: HTTP ${response.status}`);
    return response;
  }
}

/** Both ends are the byte 0: from the first key on, without an end. */
const EVERYTHING = { key: 'AA==', range_end: 'AA==' };

interface StoredValue {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision?: string;
}

interface RangeAnswer {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly StoredValue[];
}

interface WatchFrame {
  readonly result: {
    readonly canceled?: boolean;
    readonly events?: readonly { readonly kv: StoredValue }[];
  };
}

function entry({ key, value = '' }: StoredValue): EtcdEntry {
  return { key: Buffer.from(key, 'base64').toString(), value: Buffer.from(value, 'base64') };
}
