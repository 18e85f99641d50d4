import { expect, test } from 'vitest';
import { choosePlace, type PlaceClues } from '../../src/cli/place.ts';

const NOTHING: PlaceClues = {
  flags: { data: false },
  isPlugin: false,
  isRunning: false,
  kubeconfig: undefined,
  home: '/home/ann',
};
const place = (clues: Partial<PlaceClues>) => choosePlace({ ...NOTHING, ...clues });

const STANDALONE = { kind: 'standalone' };
const cluster = (kubeconfig: string, context?: string) => ({
  kind: 'cluster',
  kubeconfig,
  context,
});
const OF_HOME = '/home/ann/.kube/config';

test.each<[string, Partial<PlaceClues>, object]>([
  ['nothing at all', {}, STANDALONE],
  ['a kubeconfig named', { flags: { kubeconfig: 'a.yaml', data: false } }, cluster('a.yaml')],
  ['a context named', { flags: { context: 'prod', data: false } }, cluster(OF_HOME, 'prod')],
  [
    'a context of the variable',
    { flags: { context: 'prod', data: false }, kubeconfig: 'a:b' },
    cluster('a:b', 'prod'),
  ],
  ['a data folder named, as a plugin', { flags: { data: true }, isPlugin: true }, STANDALONE],
  ['a plugin beside a standalone', { isPlugin: true, isRunning: true }, cluster(OF_HOME)],
  ['a standalone that runs', { isRunning: true, kubeconfig: 'a' }, STANDALONE],
  ['the variable alone', { kubeconfig: 'a' }, cluster('a')],
  ['an empty variable', { kubeconfig: '' }, STANDALONE],
])('%s', (_, clues, expected) => {
  expect(place(clues)).toEqual(expected);
});

test('flags that contradict each other are refused', () => {
  expect(() => place({ flags: { data: true, context: 'prod' } })).toThrow('give one of them');
});
