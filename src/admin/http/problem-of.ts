import type { FastifyError } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  isResponseSerializationError,
} from 'fastify-type-provider-zod';
import { errorMessage, TenantBotError, unreachable } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import { makeProblem, type Problem, RequestProblem } from '../problem.ts';

/** What whoever asked is told of `error`: nothing of what is wrong inside, which is logged. */
export function problemOf(error: FastifyError, log: Log): Problem {
  const problem = toldOf(error);
  if (problem.status >= 500) log.error(`${problem.code}: ${describe(error)}`);
  return problem;
}

function toldOf(error: FastifyError): Problem {
  if (error instanceof RequestProblem) return error.problem;
  if (error instanceof TenantBotError) {
    const status = statusOf(error.kind);
    if (status !== 500) return makeProblem(status, error.code, error.message);
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const words = error.validation.map(({ instancePath, message }) =>
      `${instancePath.slice(1)}: ${message}`.replace(/^: /, ''),
    );
    return makeProblem(400, 'REQUEST_INVALID', words.join('; '));
  }
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return makeProblem(400, 'REQUEST_INVALID', 'a part of the path is too long to be a name');
  }
  const status = error.statusCode ?? 500;
  if (status < 500) return makeProblem(status, CODES[status] ?? 'REQUEST_INVALID', error.message);
  return makeProblem(500, 'INTERNAL', 'this went wrong here; the log says more');
}

const CODES: Readonly<Record<number, string>> = {
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNKNOWN',
};

function describe(error: FastifyError): string {
  if (!isResponseSerializationError(error)) return errorMessage(error);
  const { issues } = error.cause;
  const words = issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`);
  return `the answer of ${error.method} ${error.url} is not as its schema says: ${words.join('; ')}`;
}

function statusOf(kind: TenantBotError['kind']): number {
  switch (kind) {
    case 'input':
      return 400;
    case 'environment':
    case 'remote':
      return 502;
    case 'internal':
      return 500;
    default:
      return unreachable(kind);
  }
}
