import { describe, expect, it } from 'vitest';
import type { StoredBot } from '../../../src/controller/bot/stored-bot.ts';
import { judgeBots } from '../../../src/controller/fleet/canary.ts';
import { meta } from './fleets.ts';

const SINCE = '2026-01-01T00:10:00Z';

interface Bots {
  readonly shard: number;
  readonly well: number;
  /** Not Ready since `from`. */
  readonly worse: number;
  readonly from?: string;
  readonly fleet?: string;
}

function bots({ shard, well, worse, from = SINCE, fleet = 'default' }: Bots): StoredBot[] {
  return Array.from({ length: well + worse }, (_, index) => ({
    metadata: meta(`bot-${shard}-${index}`),
    status: {
      placement: { fleet, shard, epoch: 1, since: '2026-01-01T00:00:00Z' },
      conditions: [
        {
          type: 'Ready',
          status: index < well ? 'True' : 'False',
          reason: 'Any',
          message: '',
          lastTransitionTime: from,
        },
      ],
    },
  }));
}

describe('a shard that was renewed first', () => {
  it.each<[string, Bots[], 'well' | 'unwell']>([
    ['without bots is well', [], 'well'],
    ['with bots that are Ready is well', [{ shard: 3, well: 50, worse: 0 }], 'well'],
    ['may have one bot that fails by itself', [{ shard: 3, well: 4, worse: 1 }], 'well'],
    ['may have a tenth of such', [{ shard: 3, well: 45, worse: 5 }], 'well'],
    ['is not well with more', [{ shard: 3, well: 44, worse: 6 }], 'unwell'],
    [
      'is not blamed for what failed before',
      [{ shard: 3, well: 0, worse: 50, from: '2026-01-01T00:09:59Z' }],
      'well',
    ],
    [
      'is not blamed for what meets the others alike',
      [
        { shard: 3, well: 20, worse: 30 },
        { shard: 0, well: 40, worse: 60 },
      ],
      'well',
    ],
    [
      'is blamed for what meets it more than them',
      [
        { shard: 3, well: 0, worse: 50 },
        { shard: 0, well: 90, worse: 10 },
      ],
      'unwell',
    ],
    [
      "is not blamed for another fleet's bots",
      [{ shard: 3, well: 0, worse: 9, fleet: 'x' }],
      'well',
    ],
  ])('%s', (_, groups, kind) => {
    const sinceMs = Date.parse(SINCE) + 900;
    const health = judgeBots('default', groups.flatMap(bots), { canary: 3, sinceMs });
    expect(health.kind).toBe(kind);
  });
});
