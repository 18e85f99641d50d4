import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  fromSecretData,
  type TlsMaterial,
  toSecretData,
  trustBundle,
} from '../../../src/control/tls/material.ts';
import { ROTATION_TIMES, rotate } from '../../../src/control/tls/rotation.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const NAMES = ['tenantbot-control.tenantbot-system.svc', 'tenantbot-control', '127.0.0.1'] as const;

const at = (nowMs: number) => ({ nowMs, names: NAMES });

function certificates(material: TlsMaterial) {
  return {
    leaf: new X509Certificate(material.leaf.cert),
    authorities: material.authorities.map(({ cert }) => new X509Certificate(cert)),
  };
}

/** Whether somebody who trusts `bundle` believes in the leaf of `material` at that time. */
function isTrusted({ leaf }: TlsMaterial, bundle: string, nowMs: number): boolean {
  const certificate = new X509Certificate(leaf.cert);
  const isNow = (one: X509Certificate): boolean =>
    one.validFromDate.getTime() <= nowMs && nowMs < one.validToDate.getTime();
  const trusted = bundle.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return (
    isNow(certificate) &&
    trusted
      .map((pem) => new X509Certificate(pem))
      .some((ca) => isNow(ca) && certificate.checkIssued(ca) && certificate.verify(ca.publicKey))
  );
}

test('material is made from nothing, and is then left alone', async () => {
  const material = await rotate(undefined, at(START_MS));
  const { leaf, authorities } = certificates(material);
  expect(authorities).toHaveLength(1);
  expect(authorities[0]?.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.checkHost(NAMES[0])).toBe(NAMES[0]);
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(leaf.validToDate.getTime()).toBe(START_MS + 90 * DAY_MS);
  expect(authorities[0]?.validToDate.getTime()).toBe(START_MS + 365 * DAY_MS);
  expect(await rotate(material, at(START_MS + 59 * DAY_MS))).toBe(material);
});

test('the leaf is renewed in time, or when the leader is called otherwise', async () => {
  const material = await rotate(undefined, at(START_MS));
  const renewed = await rotate(material, at(START_MS + 61 * DAY_MS));
  expect(renewed.leaf).not.toEqual(material.leaf);
  expect(renewed.authorities).toBe(material.authorities);
  const names = ['other.svc'] as const;
  const renamed = await rotate(material, { nowMs: START_MS, names });
  expect(new X509Certificate(renamed.leaf.cert).checkHost('other.svc')).toBe('other.svc');
});

test('a new authority is trusted before it signs, and the old one until nobody shows its leaf', async () => {
  const { authorityMs, authorityRenewMs, propagationMs } = ROTATION_TIMES;
  const dueMs = START_MS + authorityMs - authorityRenewMs + HOUR_MS;
  const before = await rotate(await rotate(undefined, at(START_MS)), at(dueMs - 2 * HOUR_MS));
  const [old] = before.authorities;

  const prepared = await rotate(before, at(dueMs));
  expect(prepared.authorities).toHaveLength(2);
  expect(prepared.leaf).toBe(before.leaf);
  expect(await rotate(prepared, at(dueMs + propagationMs - 1000))).toBe(prepared);

  const moved = await rotate(prepared, at(dueMs + propagationMs));
  expect(moved.authorities).toBe(prepared.authorities);
  expect(isTrusted(moved, old.cert, dueMs + propagationMs)).toBe(false);
  expect(isTrusted(moved, trustBundle(prepared), dueMs + propagationMs)).toBe(true);

  const done = await rotate(moved, at(dueMs + 2 * propagationMs));
  expect(done.authorities).toEqual([prepared.authorities[1]]);
  expect(done.leaf).toBe(moved.leaf);
});

test.each([9, 45, 200, 400])(
  'looked at every %i days over three years, whoever read the bundle an hour ago trusts the leaf',
  async (days) => {
    let material = await rotate(undefined, at(START_MS));
    for (let nowMs = START_MS; nowMs < START_MS + 3 * 365 * DAY_MS; nowMs += days * DAY_MS) {
      // An operator that runs looks again after an hour, whatever it found.
      for (const laterMs of [nowMs, nowMs + HOUR_MS, nowMs + 2 * HOUR_MS]) {
        const bundle = trustBundle(material);
        const next = await rotate(material, at(laterMs));
        const wasAlive = isTrusted(material, bundle, laterMs);
        if (wasAlive) expect(isTrusted(next, bundle, laterMs)).toBe(true);
        expect(isTrusted(next, trustBundle(next), laterMs)).toBe(true);
        expect(next.authorities.length).toBeLessThanOrEqual(2);
        material = next;
      }
    }
  },
);

test('material survives a Secret; what is not whole is not read', async () => {
  const material = await rotate(undefined, at(START_MS));
  const data = toSecretData(material);
  expect(Object.keys(data)).toEqual(['ca.crt', 'tls.crt', 'tls.key', 'authority.json']);
  expect(fromSecretData(data)).toEqual(material);
  const other = toSecretData(await rotate(undefined, at(START_MS)));
  const broken: Record<string, string | undefined>[] = [
    {},
    { ...data, 'tls.key': undefined },
    { ...data, 'tls.crt': 'no certificate' },
    { ...data, 'tls.key': other['tls.key'] },
    { ...data, 'authority.json': '[]' },
    { ...data, 'authority.json': '{' },
  ];
  for (const damaged of broken) expect(fromSecretData(damaged)).toBeUndefined();
});
