import { describe, expect, it } from 'vitest';
import { versionProblem } from '../../../src/controller/preflight/server-version.ts';

describe('versionProblem', () => {
  it.each([
    ['1', '32'],
    ['1', '35+'],
    ['2', '0'],
  ])('takes Kubernetes %s.%s', (major, minor) => {
    expect(versionProblem({ major, minor })).toBeUndefined();
  });

  it.each([
    ['1', '31'],
    ['1', '9+'],
    ['0', '99'],
  ])('refuses Kubernetes %s.%s in words', (major, minor) => {
    expect(versionProblem({ major, minor })).toMatch(/needs 1\.32 or newer/);
  });

  it.each([undefined, {}, { major: 'one', minor: '' }])('does not guess from %j', (answer) => {
    expect(() => versionProblem(answer)).toThrow('did not tell its version');
  });
});
