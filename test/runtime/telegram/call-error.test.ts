import { GrammyError, HttpError } from 'grammy';
import { describe, expect, test } from 'vitest';
import { parseEnvelope } from '../../../src/runtime/telegram/answer.ts';
import {
  CallError,
  type CallFault,
  classifyRefusal,
  classifyThrown,
} from '../../../src/runtime/telegram/call-error.ts';
import { TransportError } from '../../../src/runtime/transport/transport-error.ts';

const answer = (status: number, body: string) => ({ status, headers: {}, body: Buffer.from(body) });
const refusal = (code: unknown, parameters?: unknown) =>
  JSON.stringify({ ok: false, error_code: code, description: 'Some words', parameters });

/** What the call fails with that is answered so. */
function failureOf(status: number, body: string): CallError {
  try {
    const envelope = parseEnvelope(answer(status, body));
    if (!envelope.ok) return classifyRefusal(envelope);
  } catch (error) {
    if (error instanceof CallError) return error;
  }
  throw new Error('the call did not fail');
}

const HTML = '<html><body>Bad gateway</body></html>';

describe('an answer', () => {
  // [status, body, fault, whether the call may have been carried out]
  const table: readonly (readonly [number, string, CallFault, boolean])[] = [
    [400, refusal(400), 'rejected', false],
    [403, refusal(403), 'rejected', false],
    [404, refusal(404), 'rejected', false],
    [413, HTML, 'rejected', false],
    [401, refusal(401), 'unauthorized', false],
    [401, HTML, 'unknown', false],
    [409, refusal(409), 'conflict', false],
    [409, HTML, 'unknown', false],
    [429, refusal(429, { retry_after: 3 }), 'rate-limited', false],
    [429, HTML, 'rate-limited', false],
    [500, refusal(500), 'server', false],
    [502, HTML, 'server', false],
    [504, refusal(504), 'server', true],
    [504, HTML, 'server', true],
    [200, refusal(400), 'rejected', false],
    [200, refusal('x'), 'unknown', true],
    [200, HTML, 'unknown', true],
    [200, '', 'unknown', true],
    [200, '{"ok":true,"res', 'unknown', true],
    [200, '{"ok":true}', 'unknown', true],
    [200, 'null', 'unknown', true],
    [200, '[]', 'unknown', true],
    [302, '', 'unknown', true],
  ];

  test.each(table)('with status %i and body %j is %s', (status, body, fault, mayHaveHappened) => {
    expect(failureOf(status, body)).toMatchObject({ fault, mayHaveHappened });
  });

  test('that is right is no error', () => {
    const envelope = parseEnvelope(answer(200, '{"ok":true,"result":[1]}'));
    expect(envelope).toEqual({ ok: true, result: [1] });
  });
});

describe('retry_after', () => {
  test.each([
    [{ retry_after: 7 }, 7_000],
    [{ retry_after: 0 }, 0],
    [{ retry_after: 0.5 }, 500],
    [{ retry_after: '12' }, 12_000],
    [{ retry_after: -5 }, 1_000],
    [{ retry_after: 'soon' }, 1_000],
    [{ retry_after: '' }, 1_000],
    [{ retry_after: null }, 1_000],
    [{ retry_after: {} }, 1_000],
    [{ retry_after: 1e300 }, 3_600_000],
    [{}, 1_000],
    [null, 1_000],
    [undefined, 1_000],
  ])('%j means %i ms', (parameters, expected) => {
    expect(failureOf(429, refusal(429, parameters)).retryAfterMs).toBe(expected);
  });
});

describe('what a call rejected with', () => {
  const grammyError = new GrammyError(
    'Call failed',
    { ok: false, error_code: 429, description: 'Too Many', parameters: { retry_after: 2 } },
    'sendMessage',
    {},
  );
  test.each<[string, unknown, Partial<CallError>]>([
    ['a refusal', grammyError, { fault: 'rate-limited', retryAfterMs: 2_000 }],
    [
      'a broken connection behind grammY',
      new HttpError('failed', new TransportError('network', { sent: true })),
      { fault: 'network', mayHaveHappened: true },
    ],
    [
      'a connection that was never made',
      new TransportError('network', { sent: false }),
      { fault: 'network', mayHaveHappened: false },
    ],
    [
      'a timeout',
      new TransportError('timeout', { sent: true }),
      { fault: 'timeout', mayHaveHappened: true },
    ],
    [
      'too large an answer',
      new TransportError('too-large', { sent: true }),
      { fault: 'unknown', mayHaveHappened: true },
    ],
    ['an abort', new TransportError('aborted', { sent: false }), { fault: 'aborted' }],
    ['a surprise', new TypeError('x is not a function'), { fault: 'unknown' }],
    ['no error at all', 'oops', { fault: 'unknown' }],
  ])('is classified: %s', (_, thrown, expected) => {
    expect(classifyThrown(thrown)).toMatchObject(expected);
  });

  test('and is classified already stays as it is', () => {
    const error = classifyThrown(grammyError);
    expect(classifyThrown(error)).toBe(error);
  });
});
