import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '../../../src/lib/errors.ts';
import { type ControlPlane, startControlPlane } from '../../cluster/control-plane.ts';
import { installCrds } from '../../cluster/install-crds.ts';
import { makeNamespace } from '../../cluster/namespace.ts';
import { Replicas } from '../../controller/failover/replicas.ts';
import { type Program, startProgram, startScript } from '../../support/program.ts';
import type { Measure } from '../bench.ts';
import { median, quantile, table } from '../figures.ts';
import { buildGoProgram } from '../go-program.ts';

/** Starts one candidate in a namespace, which says `acts` with the time once it leads. */
type StartCandidate = (namespace: string, identity: string) => Promise<Program>;

/** Elections at once, each over a Lease of its own: most of the time all wait. */
const LANES = 4;
const GO_MODULE = join(import.meta.dirname, '../leaderelection');
const CANDIDATE = fileURLToPath(new URL('../../kube/candidate-program.ts', import.meta.url));
/** A candidate has seen the newest record by then; and kills fall anywhere between two renewals. */
const SETTLE_MS = 5_000;
const PATIENCE_MS = 120_000;

/**
 * From the leader's kill -9 until the next one is at work: our election and client-go's with its
 * defaults, by turns on one API server; and whole operators, also when told to stop.
 */
export const failover: Measure = async ({ folder, quick, say }) => {
  const kills = quick ? 4 : 20;
  let plane: ControlPlane;
  try {
    plane = await startControlPlane({ controllers: true, log: say });
  } catch (error) {
    return `Left out: ${errorMessage(error)}`;
  }
  await using controlPlane = plane;
  const { kubeconfigPath } = controlPlane;
  await installCrds(kubeconfigPath);
  const rows: string[][] = [];
  const candidates: [string, StartCandidate][] = [["tenantbot's election", ours(kubeconfigPath)]];
  try {
    const program = await buildGoProgram(GO_MODULE, folder);
    candidates.push(["client-go's, its defaults", clientGo(program, kubeconfigPath)]);
  } catch (error) {
    say(`without client-go: ${errorMessage(error)}`);
  }
  for (const [name, start] of candidates) {
    say(`${name}: ${kills} kills …`);
    const lanes = Array.from({ length: LANES }, () =>
      afterKills(kubeconfigPath, start, kills / LANES),
    );
    rows.push(row(`${name}, kill -9`, (await Promise.all(lanes)).flat()));
  }
  say(`tenantbot's operator: ${kills} kills, and as many stops …`);
  const [killed, stopped] = await Promise.all([
    operators(controlPlane, 'SIGKILL', kills),
    operators(controlPlane, 'SIGTERM', kills),
  ]);
  rows.push(row("tenantbot's operator, kill -9", killed));
  rows.push(row("tenantbot's operator, told to stop", stopped));
  return table(['next leader at work after', 'median', 'p99', 'lowest–highest', 'times'], rows);
};

function ours(kubeconfig: string): StartCandidate {
  return (namespace, identity) =>
    startScript(CANDIDATE, { args: [kubeconfig, namespace, identity, 'default'] });
}

function clientGo(program: string, kubeconfig: string): StartCandidate {
  return (namespace, identity) => startProgram([program, kubeconfig, namespace, identity]);
}

/** Kills one leader after the other, each with one candidate beside it. */
async function afterKills(
  kubeconfig: string,
  start: StartCandidate,
  kills: number,
): Promise<number[]> {
  await using namespace = await makeNamespace(kubeconfig);
  const tookMs: number[] = [];
  let leader = await start(namespace.name, 'candidate-0');
  await actsMs(leader);
  for (let n = 1; n <= kills; n++) {
    const next = await start(namespace.name, `candidate-${n}`);
    await next.says(/"starts"/, PATIENCE_MS);
    await sleep(SETTLE_MS + 2_000 * Math.random());
    const killedMs = Date.now();
    await leader.stop('SIGKILL');
    tookMs.push((await actsMs(next)) - killedMs);
    leader = next;
  }
  await leader.stop('SIGKILL');
  return tookMs;
}

/** When a candidate was first at work, by its own word. */
async function actsMs(program: Program): Promise<number> {
  await program.says(/"acts".*"atMs":\d+/, PATIENCE_MS);
  return Number(/"acts".*"atMs":(\d+)/.exec(program.output)?.[1]);
}

/** Whole operators: at work is who has written something that the API server took, by its books. */
async function operators(
  { kubeconfigPath: kubeconfig, auditLogPath: auditLog }: ControlPlane,
  signal: NodeJS.Signals,
  times: number,
): Promise<number[]> {
  await using replicas = await Replicas.open({ kubeconfig, auditLog });
  const endedMs: number[] = [];
  await replicas.start();
  let leader = await replicas.leader();
  for (let n = 0; n < times; n++) {
    await replicas.start();
    await sleep(SETTLE_MS + 1_000 * Math.random());
    endedMs.push(Date.now());
    const ended = leader.program.stop(signal);
    leader = await replicas.leader(leader);
    await ended;
  }
  const { terms, violations } = await replicas.election();
  if (violations.length > 0) throw new Error(violations.join('\n'));
  return endedMs.map((ms) => {
    const next = terms.find(({ takenMs }) => takenMs > ms);
    return (next?.writes[0]?.answeredMs ?? Number.NaN) - ms;
  });
}

function row(name: string, tookMs: readonly number[]): string[] {
  const words = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  return [
    name,
    words(median(tookMs)),
    words(quantile(tookMs, 0.99)),
    `${words(Math.min(...tookMs))}–${words(Math.max(...tookMs))}`,
    String(tookMs.length),
  ];
}
