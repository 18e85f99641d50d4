import { describe, expect, it } from 'vitest';
import { columnValue, formatAge } from '../../src/api/column-value.ts';
import { BOT_FLEET_COLUMNS, type Column, TENANT_BOT_COLUMNS } from '../../src/api/columns.ts';

const NOW_MS = Date.parse('2026-02-01T12:00:00Z');

const bot = {
  metadata: { creationTimestamp: '2026-02-01T11:00:00Z' },
  status: {
    conditions: [
      { type: 'TokenValid', status: 'True', message: 'Telegram accepts the token.' },
      { type: 'Ready', status: 'False', message: 'Stop the other poller.' },
    ],
    bot: { username: 'greeter_bot' },
    token: { state: 'Valid' },
    health: { state: 'Degraded', errorRate: 25, avgResponseMs: 80 },
    breaker: { state: 'Closed' },
    updates: { mode: 'Polling', lastUpdateAt: '2026-02-01T11:58:01Z' },
    placement: { shard: 0 },
    restarts: 2,
  },
};

describe('columns', () => {
  it('show of a TenantBot what kubectl shows', () => {
    const row = TENANT_BOT_COLUMNS.map((column) => [column.name, columnValue(bot, column, NOW_MS)]);
    expect(Object.fromEntries(row)).toEqual({
      Ready: 'False',
      Bot: 'greeter_bot',
      Token: 'Valid',
      Health: 'Degraded',
      Breaker: 'Closed',
      Mode: 'Polling',
      Shard: '0',
      Age: '60m',
      'Error-rate': '25',
      Latency: '80',
      Restarts: '2',
      'Last-activity': '119s',
      Message: 'Stop the other poller.',
    });
  });

  it('stay empty where there is nothing', () => {
    for (const column of [...TENANT_BOT_COLUMNS, ...BOT_FLEET_COLUMNS]) {
      for (const resource of [{}, { status: null }, { status: { conditions: 'x' } }, undefined]) {
        expect(columnValue(resource, column, NOW_MS)).toBe('');
      }
    }
  });

  it('say when a time is none', () => {
    const age = TENANT_BOT_COLUMNS.find(({ name }) => name === 'Age') as Column;
    const resource = { metadata: { creationTimestamp: 'yesterday' } };
    expect(columnValue(resource, age, NOW_MS)).toBe('<unknown>');
  });
});

describe('ages', () => {
  it.each([
    [-5, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [310, '5m10s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [12_000, '3h20m'],
    [28_800, '8h'],
    [172_799, '47h'],
    [172_800, '2d'],
    [180_000, '2d2h'],
    [691_200, '8d'],
    [63_071_999, '729d'],
    [63_072_000, '2y'],
    [64_000_000, '2y10d'],
    [252_288_000, '8y'],
  ])('write %i s as %s, as kubectl does', (seconds, shown) => {
    expect(formatAge(seconds * 1000)).toBe(shown);
  });
});
