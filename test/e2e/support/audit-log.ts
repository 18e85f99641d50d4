import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** One call of the API server, as its audit log has it. */
export interface AuditedCall {
  readonly user: string;
  readonly verb: string;
  /** API group; empty for the core group. */
  readonly group: string;
  /** Plural, with its subresource. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly status: number;
  /** Whether RBAC refused it. */
  readonly forbidden: boolean;
  readonly atMs: number;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
/** Questions that the API server takes as objects: nothing is stored. */
const QUESTIONS = new Set(['authentication.k8s.io', 'authorization.k8s.io']);

/** Whether the call changed what is stored. */
export function isWrite({ verb, group }: AuditedCall): boolean {
  return WRITES.has(verb) && !QUESTIONS.has(group);
}

/** The API server's audit log. */
export class AuditLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Where it ends now: what comes later is `since` it. */
  async end(): Promise<number> {
    return (await stat(this.#path)).size;
  }

  /** Calls about resources by users whose name begins with `user`, oldest first. */
  async calls(user: string, since = 0): Promise<AuditedCall[]> {
    const file = createReadStream(this.#path, { start: since });
    const lines = createInterface(file);
    const found: AuditedCall[] = [];
    lines.on('line', (line) => {
      // Most lines are somebody else's: they are not worth parsing.
      if (!line.includes(`"username":"${user}`)) return;
      const call = read(line);
      if (call?.user.startsWith(user)) found.push(call);
    });
    await once(lines, 'close');
    return found;
  }
}

/** As far as it is looked at here. */
interface Line {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly stageTimestamp: string;
}

/** Undefined where it is about no resource, or where the line is not complete yet. */
function read(line: string): AuditedCall | undefined {
  const event = parse(line);
  const { resource, subresource, apiGroup = '', namespace, name } = event?.objectRef ?? {};
  if (!event || resource === undefined) return undefined;
  return {
    user: event.user.username,
    verb: event.verb,
    group: apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    namespace,
    name,
    status: event.responseStatus?.code ?? 0,
    forbidden: event.annotations?.['authorization.k8s.io/decision'] === 'forbid',
    atMs: Date.parse(event.stageTimestamp),
  };
}

function parse(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}
