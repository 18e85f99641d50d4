import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { ensureComponents } from '../../cluster/components.ts';

const execute = promisify(execFile);
const log = (line: string): void => console.error(`cluster: ${line}`);

/** An object as `kubectl get -o json` prints it, open to be looked into. */
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyObject = any;

/** kubectl and helm on one cluster, in `namespace` unless arguments say otherwise. */
export class Kubectl {
  readonly #env: NodeJS.ProcessEnv;
  readonly #scope: readonly string[];

  constructor(kubeconfig: string, namespace?: string) {
    this.#env = { ...process.env, KUBECONFIG: kubeconfig };
    this.#scope = namespace === undefined ? [] : ['--namespace', namespace];
  }

  /** Runs kubectl to its end, and resolves to what it prints; rejects with what it complains of. */
  async run(...args: readonly string[]): Promise<string> {
    const options = { env: this.#env, maxBuffer: 256 << 20 };
    const { stdout } = await execute(await kubectlPath(), [...this.#scope, ...args], options);
    return stdout;
  }

  /** Runs helm to its end. */
  async helm(...args: readonly string[]): Promise<string> {
    const { helm } = await ensureComponents(['helm'], { log });
    const { stdout } = await execute(join(helm, 'helm'), args, { env: this.#env });
    return stdout;
  }

  /** `kubectl apply -f -` of one object, of many, or of text. */
  async apply(content: string | object, ...args: readonly string[]): Promise<string> {
    const text = typeof content === 'string' ? content : JSON.stringify(listed(content));
    const all = [...this.#scope, 'apply', '-f', '-', ...args];
    const child = spawn(await kubectlPath(), all, { env: this.#env });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.stdin.end(text);
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(`kubectl apply: ${output}`);
    return output;
  }

  /** Runs kubectl to its end, and feeds it with `input`. */
  async pipe(input: Readable, ...args: readonly string[]): Promise<void> {
    const child = spawn(await kubectlPath(), [...this.#scope, ...args], {
      env: this.#env,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = once(child, 'close') as Promise<[number]>;
    await pipeline(input, child.stdin);
    const [code] = await ended;
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with code ${code}`);
  }

  /** One object; undefined where there is none. */
  async get<T = AnyObject>(...args: readonly string[]): Promise<T> {
    const text = await this.run('get', ...args, '-o', 'json', '--ignore-not-found');
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** The objects of a list. */
  async list(...args: readonly string[]): Promise<AnyObject[]> {
    const found = await this.get<{ items: AnyObject[] } | undefined>(...args);
    return found?.items ?? [];
  }

  /** Leads a free port of this machine to `port` of `target` until `close` is called. */
  async forward(
    namespace: string,
    target: string,
    port: number,
  ): Promise<{ readonly url: string; close(): Promise<void> }> {
    const args = ['-n', namespace, 'port-forward', '--address=127.0.0.1', target, `:${port}`];
    const child = spawn(await kubectlPath(), args, { env: this.#env });
    const ended = once(child, 'close');
    const lines = createInterface(child.stdout);
    const local = await Promise.race([
      once(lines, 'line').then(([line]) => /127\.0\.0\.1:(\d+)/.exec(String(line))?.[1]),
      ended.then(() => undefined),
    ]);
    if (local === undefined) throw new Error(`no port-forward to ${target} in ${namespace}`);
    return {
      url: `http://127.0.0.1:${local}`,
      async close() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
}

async function kubectlPath(): Promise<string> {
  const { kube } = await ensureComponents(['kube'], { log });
  return join(kube, 'kubectl');
}

function listed(content: object): object {
  return Array.isArray(content) ? { apiVersion: 'v1', kind: 'List', items: content } : content;
}
