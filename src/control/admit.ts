import type { IncomingMessage } from 'node:http';
import { errorMessage } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { Authenticate, Authentication } from './authenticate.ts';
import type { ControlLog } from './control-log.ts';
import type { ShardHub } from './hub.ts';
import { type ProtocolRange, protocolSchema, SPOKEN } from './messages.ts';
import { ControlProblem } from './problem.ts';
import { readJson } from './read-json.ts';

/** What it takes to let a request in. */
export interface Admittance {
  /** The hub of the present time of leading; undefined while this replica does not lead. */
  readonly hub: () => ShardHub | undefined;
  /** Who leads, as far as is known. */
  readonly holder: () => string | undefined;
  readonly authenticate: Authenticate;
  readonly log: ControlLog;
  /** Versions that are understood; those of this program unless given. */
  readonly spoken?: ProtocolRange;
}

/** Who sends a request, and what it says. */
export interface Admitted {
  readonly caller: Extract<Authentication, { kind: 'shard' }>;
  readonly body: unknown;
}

/** Thousands of reports fit. */
const MAX_BODY_BYTES = 16 << 20;

/**
 * Reads one request of a version that is understood, or throws a {@link ControlProblem}. Nothing of
 * a body is read before it is known who sends it.
 */
export async function admit(
  service: Admittance,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Admitted> {
  leading(service);
  const caller = await identify(service, request, signal);
  const body = await readBody(request);
  checkVersion(body, service.spoken ?? SPOKEN);
  return { caller, body };
}

/** The hub of who leads. Leadership may end while a request comes in: ask again. */
export function leading({ hub, holder }: Admittance): ShardHub {
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
  { authenticate, log }: Admittance,
  { headers }: IncomingMessage,
  signal: AbortSignal,
): Promise<Admitted['caller']> {
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

/** What says no version is refused by whoever reads it. */
function checkVersion(body: unknown, { oldest, newest }: ProtocolRange): void {
  const version = protocolSchema.safeParse(body);
  if (!version.success) return;
  const { protocol } = version.data;
  if (protocol >= oldest && protocol <= newest) return;
  throw new ControlProblem(
    426,
    'PROTOCOL_NOT_SPOKEN',
    `This operator speaks versions ${oldest} to ${newest} of the control protocol, not ${protocol}; ` +
      (protocol > newest ? 'upgrade the operator.' : "upgrade the fleet's image."),
    { spoken: { oldest, newest } },
  );
}
