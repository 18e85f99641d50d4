import { readFile } from 'node:fs/promises';
import { AUTHORITY_SECRET, LEADER_LEASE } from '../../../src/controller/rights.ts';

/** A write of a replica, as the API server has it in its books. */
export interface AuditedWrite {
  /** User agent of the replica, which ends in `/` and its name. */
  readonly by: string;
  /** `patch tenantbots/status echo` */
  readonly what: string;
  readonly status: number;
  /** When the API server had it whole, and when it had answered it, by its clock. */
  readonly receivedMs: number;
  readonly answeredMs: number;
  /** What was written to the election's Lease. */
  readonly lease?: { readonly holder: string; readonly term: number };
}

/** A time of leading, from the write that took the lease. */
export interface AuditedTerm {
  readonly term: number;
  readonly by: string;
  readonly takenMs: number;
  /** The last time that its holder wrote to the lease: to renew it, or to release it. */
  readonly renewedMs: number;
  readonly released: boolean;
  /** What its leader wrote besides, and the API server took. */
  readonly writes: readonly AuditedWrite[];
}

/** Who led when and wrote what, by the audit log. */
export interface AuditedElection {
  readonly terms: readonly AuditedTerm[];
  /** What the API server took from somebody who did not lead then, or out of order. Must be empty. */
  readonly violations: readonly string[];
  /** What it refused to somebody who did not lead then. */
  readonly refused: readonly AuditedWrite[];
}

/** What replicas whose user agents begin with `agent` did, in the order in which it was done. */
export async function auditedElection(auditLog: string, agent: string): Promise<AuditedElection> {
  const terms: Term[] = [];
  const violations: string[] = [];
  const refused: AuditedWrite[] = [];
  for (const write of await auditedWrites(auditLog, agent)) {
    const current = terms.at(-1);
    if (write.lease) {
      if (write.status < 300) violations.push(...follow(terms, write, write.lease));
    } else if (write.by === current?.by && !current.released) {
      if (write.status < 300) current.writes.push(write);
    } else if (write.status < 300) {
      violations.push(`${write.by} in the time of ${current?.by}: ${write.what}`);
    } else {
      refused.push(write);
    }
  }
  return { terms, violations, refused };
}

type Term = { -readonly [Field in keyof Omit<AuditedTerm, 'writes'>]: AuditedTerm[Field] } & {
  readonly writes: AuditedWrite[];
};

/** Takes a successful write to the Lease into the books; returns what is wrong with it. */
function follow(
  terms: Term[],
  { by, answeredMs }: AuditedWrite,
  { holder, term }: { readonly holder: string; readonly term: number },
): string[] {
  const current = terms.at(-1);
  if (holder === '') {
    if (current) {
      current.released = true;
      current.renewedMs = answeredMs;
    }
    return current?.by === by ? [] : [`${by} released term ${term} of ${current?.by}`];
  }
  // Who finds no Lease puts back the one that it saw last, in its holder's name.
  if (!holder.startsWith(`${by.split('/').at(-1)}_`)) return [];
  if (current?.term === term && current.by === by) {
    current.renewedMs = answeredMs;
    return [];
  }
  terms.push({ term, by, takenMs: answeredMs, renewedMs: answeredMs, released: false, writes: [] });
  return current && term <= current.term ? [`term ${term} came after ${current.term}`] : [];
}

interface AuditEvent {
  readonly verb: string;
  readonly stage: string;
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: {
    readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
  };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

const READS = new Set(['get', 'list', 'watch']);
/** Questions that the API server takes as objects: nothing is stored. */
const QUESTIONS = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

async function auditedWrites(auditLog: string, agent: string): Promise<AuditedWrite[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n').slice(0, -1);
  return lines
    .filter((line) => line.includes(`"userAgent":"${agent}`))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.stage === 'ResponseComplete' && isWrite(event))
    .map(toWrite);
}

function isWrite({ verb, objectRef }: AuditEvent): boolean {
  // Which the first replica makes before anybody leads.
  const isAuthority = verb === 'create' && objectRef?.name === AUTHORITY_SECRET;
  return !READS.has(verb) && !QUESTIONS.has(objectRef?.apiGroup ?? '') && !isAuthority;
}

function toWrite(event: AuditEvent): AuditedWrite {
  const { resource, subresource, name } = event.objectRef ?? {};
  const { holderIdentity: holder = '', leaseTransitions: term = 0 } =
    event.requestObject?.spec ?? {};
  const isLease = resource === 'leases' && name === LEADER_LEASE;
  const path = [resource, subresource].filter(Boolean).join('/');
  return {
    by: event.userAgent ?? '',
    what: [event.verb, path, name].filter(Boolean).join(' '),
    status: event.responseStatus?.code ?? 0,
    receivedMs: Date.parse(event.requestReceivedTimestamp),
    answeredMs: Date.parse(event.stageTimestamp),
    ...(isLease && { lease: { holder, term } }),
  };
}
