import { describe, expect, test } from 'vitest';
import { fieldSelector } from '../../src/cli/field-selector.ts';

const bot = {
  metadata: { name: 'greeter', namespace: 'shop' },
  spec: { fleet: 'default' },
  status: { health: { state: 'Unhealthy' }, placement: { shard: 3 } },
};

describe('a field selector', () => {
  test.each([
    ['status.health.state=Unhealthy', true],
    ['status.health.state==Healthy', false],
    ['status.health.state!=Healthy', true],
    ['status.placement.shard=3,spec.fleet=default', true],
    ['status.placement.shard=3, metadata.namespace=bank', false],
    ['metadata.name=greeter', true],
  ])('%s: %s', (selector, fits) => {
    expect(fieldSelector(selector, 'tenantbots')(bot)).toBe(fits);
  });

  test('takes a field that is not there as empty', () => {
    expect(fieldSelector('status.health.state=', 'tenantbots')({ metadata: {} })).toBe(true);
    expect(fieldSelector('status.health.state!=Healthy', 'tenantbots')({})).toBe(true);
  });

  test.each([
    ['status.health', 'must be field=value'],
    ['', 'must be field=value'],
    ['status.phase=Running', 'does not know "status.phase"; known are metadata.name'],
  ])('says what is wrong with "%s"', (selector, words) => {
    expect(() => fieldSelector(selector, 'tenantbots')).toThrow(words);
  });
});
