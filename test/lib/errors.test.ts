import { describe, expect, it } from 'vitest';
import { environmentError, errorCode, inputError, unreachable } from '../../src/lib/errors.ts';

describe('errors', () => {
  it('carry who must act, a stable code and the cause', () => {
    const cause = new Error('EACCES');
    const error = environmentError(
      'DATA_FOLDER_READ_ONLY',
      'the data folder can’t be written',
      cause,
    );
    expect([error.kind, error.code, error.cause]).toEqual([
      'environment',
      'DATA_FOLDER_READ_ONLY',
      cause,
    ]);
    expect(inputError('X', 'x').kind).toBe('input');
  });

  it('are known by the first code on the way down the causes', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(errorCode(new Error('fetch failed', { cause: refused }))).toBe('ECONNREFUSED');
    expect(errorCode(inputError('OURS', 'x', refused))).toBe('OURS');
    expect(errorCode('no error')).toBeUndefined();
  });

  it('end a switch that was not exhaustive', () => {
    expect(() => unreachable('surprise' as never)).toThrow('surprise');
  });
});
