import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '../../lib/errors.ts';
import { makeProblem, PROBLEM_TYPE, type Problem } from '../problem.ts';

/** Answers what is no request, or comes too slowly to become one, and ends the connection. */
export function refuseConnection(error: Error, socket: Socket): void {
  const code = errorCode(error);
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(code);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function problemOf(code: string | undefined): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return makeProblem(408, 'REQUEST_TOO_SLOW', 'the request took too long to arrive');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return makeProblem(431, 'HEADERS_TOO_LARGE', 'the headers have more than 16 KB');
  }
  return makeProblem(400, 'NOT_HTTP', 'this is no request of HTTP/1.1');
}
