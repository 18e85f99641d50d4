import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { issueCertificate, type KeyPair, makeAuthority } from '../../lib/certificates.ts';
import { randomToken } from '../../lib/random.ts';
import type { TlsMaterial } from './material.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long things last, in milliseconds. */
export interface RotationTimes {
  readonly authorityMs: number;
  /** The next authority is made when the last one has only this long to go. */
  readonly authorityRenewMs: number;
  readonly leafMs: number;
  readonly leafRenewMs: number;
  /** How long it takes until every runtime trusts a new authority, and every replica shows a new
   * leaf. */
  readonly propagationMs: number;
  /** How far the clock of a node may be behind that of the leader. */
  readonly skewMs: number;
}

/** An authority lasts a year, a leaf 90 days; a leaf never outlives its authority. */
export const ROTATION_TIMES: RotationTimes = {
  authorityMs: 365 * DAY_MS,
  authorityRenewMs: 120 * DAY_MS,
  leafMs: 90 * DAY_MS,
  leafRenewMs: 30 * DAY_MS,
  propagationMs: HOUR_MS,
  skewMs: DAY_MS,
};

/** A certificate, read. */
interface Dated {
  readonly pair: KeyPair;
  readonly certificate: X509Certificate;
  readonly madeMs: number;
  readonly endMs: number;
}

/** One thing to do to the material. */
export type RotationStep =
  | { readonly kind: 'makeAuthority' }
  | { readonly kind: 'issueLeaf'; readonly authority: KeyPair }
  | { readonly kind: 'dropAuthority'; readonly authority: KeyPair };

export interface RotationOptions {
  readonly nowMs: number;
  /** What runtimes call the leader: DNS names or addresses. */
  readonly names: readonly [string, ...string[]];
  readonly times?: RotationTimes;
}

/**
 * What is to be done to the material now; undefined where it is good. Pure.
 *
 * ```
 *   authority A ├──────────────────────────────┤
 *   authority B                    ├──────────────────────────────┤   trusted beside A at once
 *   leaf by A   ├────────┤ ├─────────┤
 *   leaf by B                       ├────────┤ ├────────┤             after the propagation time
 *   A dropped                        ▲ once a leaf by B has been shown for that time
 * ```
 */
export function nextStep(
  material: TlsMaterial,
  options: RotationOptions,
): RotationStep | undefined {
  const { nowMs, times = ROTATION_TIMES } = options;
  const authorities = material.authorities.map((pair) => dated(pair, times));
  const newest = authorities.at(-1);
  if (!newest || newest.endMs - nowMs < times.authorityRenewMs) return { kind: 'makeAuthority' };
  const signer = signerOf(authorities, nowMs, times) ?? newest;
  const leaf = dated(material.leaf, times);
  if (!isGood(leaf, signer, options)) return { kind: 'issueLeaf', authority: signer.pair };
  const isSettled = nowMs - leaf.madeMs >= times.propagationMs;
  const old = authorities.find(
    (authority) =>
      authority !== newest && (authority.endMs <= nowMs || (signer === newest && isSettled)),
  );
  return old && { kind: 'dropAuthority', authority: old.pair };
}

/**
 * The material with all done that is to be done now; made from nothing where there is none, and the
 * very same where nothing is to be done.
 */
export async function rotate(
  material: TlsMaterial | undefined,
  options: RotationOptions,
): Promise<TlsMaterial> {
  let current = material ?? (await firstMaterial(options));
  for (let step = nextStep(current, options); step; step = nextStep(current, options)) {
    current = await take(step, current, options);
  }
  return current;
}

async function take(
  step: RotationStep,
  material: TlsMaterial,
  options: RotationOptions,
): Promise<TlsMaterial> {
  const [oldest, ...others] = material.authorities;
  switch (step.kind) {
    case 'makeAuthority':
      return { ...material, authorities: [oldest, ...others, await newAuthority(options)] };
    case 'issueLeaf':
      return { ...material, leaf: await newLeaf(step.authority, options) };
    case 'dropAuthority': {
      const [first, ...rest] = [oldest, ...others].filter((pair) => pair !== step.authority);
      // The newest one is never dropped.
      return first ? { ...material, authorities: [first, ...rest] } : material;
    }
    default:
      return step satisfies never;
  }
}

async function firstMaterial(options: RotationOptions): Promise<TlsMaterial> {
  const authority = await newAuthority(options);
  return { authorities: [authority], leaf: await newLeaf(authority, options) };
}

function newAuthority({ nowMs, times = ROTATION_TIMES }: RotationOptions): Promise<KeyPair> {
  const { authorityMs, skewMs } = times;
  // A name of its own: chains are built by name.
  const name = `tenantbot control CA ${randomToken(6)}`;
  return makeAuthority(name, { fromMs: nowMs - skewMs, toMs: nowMs + authorityMs });
}

function newLeaf(
  authority: KeyPair,
  { nowMs, names, times = ROTATION_TIMES }: RotationOptions,
): Promise<KeyPair> {
  const { leafMs, skewMs } = times;
  const toMs = Math.min(nowMs + leafMs, dated(authority, times).endMs);
  return issueCertificate(authority, names, { fromMs: nowMs - skewMs, toMs });
}

/** The newest authority that every runtime trusts by now; where there is none, the oldest good one. */
function signerOf(
  authorities: readonly Dated[],
  nowMs: number,
  { propagationMs }: RotationTimes,
): Dated | undefined {
  const good = authorities.filter(({ endMs }) => endMs > nowMs);
  return good.findLast(({ madeMs }) => nowMs - madeMs >= propagationMs) ?? good[0];
}

function isGood(
  leaf: Dated,
  signer: Dated,
  { nowMs, names, times = ROTATION_TIMES }: RotationOptions,
): boolean {
  return (
    (leaf.endMs - nowMs >= times.leafRenewMs || leaf.endMs >= signer.endMs) &&
    leaf.certificate.verify(signer.certificate.publicKey) &&
    names.every((name) => isFor(leaf.certificate, name))
  );
}

function isFor(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}

function dated(pair: KeyPair, { skewMs }: RotationTimes): Dated {
  const certificate = new X509Certificate(pair.cert);
  const madeMs = certificate.validFromDate.getTime() + skewMs;
  return { pair, certificate, madeMs, endMs: certificate.validToDate.getTime() };
}
