import { describe, expect, it } from 'vitest';
import { retention } from '../../src/cli/retention-setting.ts';

describe('--retention', () => {
  it('changes what it names, as text and as an object', () => {
    const expected = { snapshots: 30, usage: 90, audit: 730, deletedBots: 7 };
    expect(retention.parse('usage=90, audit=730')).toMatchObject(expected);
    expect(retention.parse({ usage: 90, audit: 730 })).toMatchObject(expected);
  });

  it.each([
    ['usage', 'the retention of usage must be from 9 to 3650 days, not 0'],
    ['usage=soon', 'must be from 9 to 3650 days, not NaN'],
    ['usage=8', 'must be from 9 to 3650 days, not 8'],
    ['usage=10.5', 'must be from 9 to 3650 days, not 10.5'],
    ['audit=1000000000', 'must be from 9 to 3650 days'],
    ['mood=90', 'names are snapshots, transitions'],
    [['usage'], 'must be days by name, such as transitions=90,audit=730'],
  ])('refuses %j in words', (text, words) => {
    expect(retention.safeParse(text).error?.message).toContain(words);
  });
});
