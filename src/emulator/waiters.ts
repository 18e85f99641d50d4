import type { Clock } from '../lib/clock.ts';
import type { CallRecord, Ledger } from './ledger.ts';

/** Calls that a reader waits for. Only ended ones count. */
export interface CallsCondition {
  readonly kind: 'calls';
  readonly botId?: number | undefined;
  readonly method?: string | undefined;
  readonly chatId?: string | undefined;
  /** The text must contain this. */
  readonly text?: string | undefined;
  /** Only calls that did their work, or only those that failed. */
  readonly ok?: boolean | undefined;
  readonly since?: number | undefined;
  readonly count: number;
}

/** A state of the world, told by a function that reads it. */
export interface StateCondition {
  readonly kind: 'state';
  readonly holds: () => boolean;
}

/** What a wait ended with. `calls` are the ones that matched, at most `count` of them. */
export interface WaitResult {
  readonly met: boolean;
  readonly calls: readonly CallRecord[];
}

/** A wait for something in the ledger. */
export interface WaitOptions {
  readonly ledger: Ledger;
  readonly condition: CallsCondition | StateCondition;
  readonly timeoutMs: number;
  /** The clock of the deadline: the machine's own, since a test may move the emulator's. */
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Resolves once the condition holds, or with `met: false` at the deadline. */
export function waitForLedger(options: WaitOptions): Promise<WaitResult> {
  const { ledger, clock, timeoutMs, signal } = options;
  const check = makeCheck(options);
  return new Promise((resolve) => {
    const first = check();
    if (first.met || timeoutMs <= 0 || signal?.aborted) {
      resolve(first);
      return;
    }
    const end = (result: WaitResult): void => {
      timer.cancel();
      stopListening();
      signal?.removeEventListener('abort', onDeadline);
      resolve(result);
    };
    const onDeadline = (): void => end(check());
    const timer = clock.setTimer(timeoutMs, onDeadline);
    const stopListening = ledger.onChange(() => {
      const result = check();
      if (result.met) end(result);
    });
    signal?.addEventListener('abort', onDeadline, { once: true });
  });
}

function makeCheck({ ledger, condition }: WaitOptions): () => WaitResult {
  if (condition.kind === 'state') return () => ({ met: condition.holds(), calls: [] });
  const scan = makeScan(ledger, condition);
  return () => {
    const calls = scan();
    return { met: calls.length >= condition.count, calls };
  };
}

/** Looks at each call once it has ended, never again: a wait costs what happens during it. */
function makeScan(ledger: Ledger, condition: CallsCondition): () => CallRecord[] {
  const matched: CallRecord[] = [];
  let underWay: CallRecord[] = [];
  let seenSeq = condition.since ?? 0;
  const consider = (record: CallRecord): boolean => {
    if (record.outcome === null) return true;
    if (matched.length < condition.count && matches(record, condition)) matched.push(record);
    return false;
  };
  return () => {
    underWay = underWay.filter(consider);
    for (const record of ledger.calls.since(seenSeq)) {
      if (concerns(record, condition) && consider(record)) underWay.push(record);
    }
    seenSeq = Math.max(seenSeq, ledger.calls.lastSeq);
    return matched;
  };
}

function concerns(record: CallRecord, condition: CallsCondition): boolean {
  const { botId, method } = condition;
  if (botId !== undefined && record.bot?.id !== botId) return false;
  return method === undefined || record.method.toLowerCase() === method.toLowerCase();
}

function matches(record: CallRecord, condition: CallsCondition): boolean {
  const { chatId, text, ok } = condition;
  if (chatId !== undefined && record.parameters['chat_id'] !== chatId) return false;
  if (text !== undefined && !(record.parameters['text'] ?? '').includes(text)) return false;
  return ok === undefined || record.outcome?.ok === ok;
}
