import type { IncomingMessage } from 'node:http';
import { errorMessage } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { Authenticate, Authentication } from './authenticate.ts';
import type { ControlLog } from './control-log.ts';
import type { ShardHub } from './hub.ts';
import {
  type ProtocolRange,
  protocolSchema,
  SPOKEN,
  SYNC_PATH,
  type SyncAnswer,
  type SyncRequest,
  syncRequestSchema,
} from './messages.ts';
import { ControlProblem } from './problem.ts';
import { readJson } from './read-json.ts';
import { explainIssues, readTolerantly } from './tolerant.ts';

/** What it takes to answer requests. */
export interface SyncService {
  /** The hub of the present time of leading; undefined while this replica does not lead. */
  readonly hub: () => ShardHub | undefined;
  /** Who leads, as far as is known. */
  readonly holder: () => string | undefined;
  readonly authenticate: Authenticate;
  readonly log: ControlLog;
  /** Versions that are understood; those of this program unless given. */
  readonly spoken?: ProtocolRange;
}

/** Thousands of reports fit. */
const MAX_BODY_BYTES = 16 << 20;

/**
 * Answers one request, or throws a {@link ControlProblem}. Nothing of a body is read before it is
 * known who sends it, and nothing but the token says whose bots are handed out.
 */
export async function answerSync(
  service: SyncService,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<SyncAnswer> {
  checkPlace(request);
  leading(service);
  const caller = await identify(service, request, signal);
  const message = readRequest(await readBody(request), service.spoken ?? SPOKEN);
  // Leadership may have ended while the request came in.
  const outcome = await leading(service).sync(caller, message, signal);
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

function checkPlace({ url = '/', method }: IncomingMessage): void {
  if (url !== SYNC_PATH) {
    throw new ControlProblem(404, 'NOT_FOUND', `There is nothing here but ${SYNC_PATH}.`);
  }
  if (method !== 'POST') {
    throw new ControlProblem(405, 'METHOD_NOT_ALLOWED', `${SYNC_PATH} takes POST.`);
  }
}

function leading({ hub, holder }: SyncService): ShardHub {
  const present = hub();
  if (present) return present;
  const name = holder();
  throw new ControlProblem(
    503,
    'NOT_LEADER',
    name === undefined ? 'Nobody leads at present.' : `The leader is ${name}.`,
    name === undefined ? {} : { holder: name },
  );
}

async function identify(
  { authenticate, log }: SyncService,
  { headers }: IncomingMessage,
  signal: AbortSignal,
): Promise<Extract<Authentication, { kind: 'shard' }>> {
  const [, bearer] = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (bearer === undefined) {
    throw new ControlProblem(401, 'TOKEN_MISSING', 'Send the token of a runtime pod as Bearer.');
  }
  const who = await authenticate(new Secret(bearer), signal).catch((error: unknown) => {
    log.warn(`a token on the control channel can't be checked: ${errorMessage(error)}`);
    throw new ControlProblem(503, 'TOKEN_UNCHECKED', 'Tokens can not be checked at present.');
  });
  if (who.kind === 'shard') return who;
  throw new ControlProblem(401, 'TOKEN_REFUSED', who.message);
}

function readBody(request: IncomingMessage): Promise<unknown> {
  const tooLarge = (): ControlProblem =>
    new ControlProblem(413, 'BODY_TOO_LARGE', `A request has ${MAX_BODY_BYTES} bytes at most.`);
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge();
  return readJson(request as AsyncIterable<Uint8Array>, {
    maxBytes: MAX_BODY_BYTES,
    tooLarge,
    notJson: () => new ControlProblem(400, 'BODY_NOT_JSON', 'The body is not JSON.'),
  });
}

function readRequest(body: unknown, spoken: ProtocolRange): SyncRequest {
  const version = protocolSchema.safeParse(body);
  const { oldest, newest } = spoken;
  if (version.success && (version.data.protocol < oldest || version.data.protocol > newest)) {
    throw new ControlProblem(
      426,
      'PROTOCOL_NOT_SPOKEN',
      `This operator speaks versions ${oldest} to ${newest} of the control protocol, not ${version.data.protocol}; ` +
        (version.data.protocol > newest ? 'upgrade the operator.' : "upgrade the fleet's image."),
      { spoken },
    );
  }
  const read = readTolerantly(syncRequestSchema, body);
  if (read.success) return read.data;
  throw new ControlProblem(400, 'BODY_INVALID', explainIssues(read.error));
}
