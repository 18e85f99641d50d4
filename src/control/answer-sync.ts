import type { IncomingMessage } from 'node:http';
import { type Admittance, admit, leading } from './admit.ts';
import { type SyncAnswer, type SyncRequest, syncRequestSchema } from './messages.ts';
import { ControlProblem } from './problem.ts';
import { explainIssues, readTolerantly } from './tolerant.ts';

/**
 * Answers one request, or throws a {@link ControlProblem}. Nothing but the token says whose bots are
 * handed out.
 */
export async function answerSync(
  service: Admittance,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<SyncAnswer> {
  const { caller, body } = await admit(service, request, signal);
  const outcome = await leading(service).sync(caller, readRequest(body), signal);
  switch (outcome.kind) {
    case 'answer':
      return outcome.answer;
    case 'superseded':
      throw new ControlProblem(
        409,
        'SUPERSEDED',
        `Another runtime hosts shard ${caller.shard.fleet}/${caller.shard.ordinal} now; let go of its bots.`,
      );
    case 'stale':
      throw new ControlProblem(409, 'STALE', 'A later request of this runtime was here before.');
    default:
      return outcome satisfies never;
  }
}

function readRequest(body: unknown): SyncRequest {
  const read = readTolerantly(syncRequestSchema, body);
  if (read.success) return read.data;
  throw new ControlProblem(400, 'BODY_INVALID', explainIssues(read.error));
}
