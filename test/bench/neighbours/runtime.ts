/** Bots in our runtime, as a process of its own that tells how busy it is. */
import { openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import { handleUncaughtErrors } from '../../../src/cli/uncaught-errors.ts';
import { ErrorBoundary } from '../../../src/runtime/bot/boundary.ts';
import { Runtime } from '../../../src/runtime/runtime.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { answerParent } from '../../support/answering.ts';
import { botAssignment, fleetSpec, type HostedBot } from '../../support/assignments.ts';
import { MemoryPort } from '../../support/memory-port.ts';
import { beginLoad } from './load.ts';

/** What the runtime is asked for. */
export type RuntimeRequest =
  | { readonly kind: 'host'; readonly apiRoot: string; readonly bots: readonly HostedBot[] }
  /** Answered with its `ProcessLoad` since the last time. */
  | { readonly kind: 'load' };

const port = new MemoryPort();
let load = beginLoad();
answerParent((request: RuntimeRequest) => {
  switch (request.kind) {
    case 'host':
      return port.assign({
        fleet: fleetSpec(request.apiRoot),
        shards: 1,
        bots: request.bots.map(botAssignment),
      });
    case 'load': {
      const since = load();
      load = beginLoad();
      return since;
    }
    default:
      return request satisfies never;
  }
});
// Lines cost what they cost in a pod, but nobody on this machine has to read them.
const sink = openSync(devNull, 'a');
const destination = { write: (line: string) => void writeSync(sink, line) };
const log = createLog({ level: 'info', format: 'json', destination });
const boundary = new ErrorBoundary();
using _errors = handleUncaughtErrors({
  blame: (error) => boundary.fail(error),
  log,
  exit: (code) => process.exit(code),
});
await new Runtime({ log, port, boundary }).start(new AbortController().signal);
