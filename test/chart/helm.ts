import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { ensureComponents } from '../cluster/components.ts';

/** The chart's folder. */
export const CHART = join(import.meta.dirname, '../../charts/tenantbot-operator');

/** An object that a manifest holds, open to be looked into. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

const execute = promisify(execFile);
const log = (line: string): void => console.error(`cluster: ${line}`);

/** Runs helm to its end; rejects with what it wrote where it fails. */
export async function helm(...args: readonly string[]): Promise<string> {
  const { helm: folder } = await ensureComponents(['helm'], { log });
  const { stdout } = await execute(join(folder, 'helm'), args, { maxBuffer: 64 << 20 });
  return stdout;
}

/** Runs kubectl to its end. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  const { kube } = await ensureComponents(['kube'], { log });
  const { stdout } = await execute(join(kube, 'kubectl'), args, { maxBuffer: 64 << 20 });
  return stdout;
}

/** The objects that the chart renders as release `tenantbot` in `tenantbot-system`. */
export async function render(...args: readonly string[]): Promise<Rendered[]> {
  return objects(await helm('template', 'tenantbot', CHART, '-n', 'tenantbot-system', ...args));
}

/** The objects in a text of many YAML documents. */
export function objects(text: string): Rendered[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as Rendered | null;
    return object ? [object] : [];
  });
}
