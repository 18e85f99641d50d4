import { expect, test } from 'vitest';
import { selects } from '../../src/api/label-selector.ts';
import { parseLabelSelector } from '../../src/cli/label-selector-text.ts';

const LABELS = { team: 'shop', tier: 'live', 'example.com/size': 'l' };

// As kubectl answers for an object with these labels.
test.each([
  ['team=shop', true],
  ['team==shop', true],
  ['team=bank', false],
  ['team!=bank', true],
  ['other!=bank', true],
  ['team=shop,tier=live', true],
  ['team=shop, tier=test', false],
  ['tier in (live, test)', true],
  ['tier notin (live,test)', false],
  ['other notin (live)', true],
  ['team in (shop,bank),tier', true],
  ['team', true],
  ['!team', false],
  ['!other', true],
  ['example.com/size=l', true],
  ['team=', false],
])('%s is %s', (text, expected) => {
  expect(selects(parseLabelSelector(text), LABELS)).toBe(expected);
});

test.each(['', 'a=b=c', 'a in b', 'a in (b', '!', 'a,,b', '=b'])('"%s" is refused', (text) => {
  expect(() => parseLabelSelector(text)).toThrow('--selector must be such as key=value');
});
