import type { Update } from 'grammy/types';
import type { UpdateOutcome, VerificationOutcome } from '../../api/history-records.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Span } from '../../lib/tracing.ts';
import type { CallError } from '../telegram/call-error.ts';
import type { BotRef } from './bot-ref.ts';

/** An update that has ended. */
export interface EndedUpdate {
  readonly update: Update;
  /** The command of the spec that it gave; '' where it gave none. */
  readonly command: string;
  readonly outcome: UpdateOutcome;
  /** From when it came. */
  readonly tookMs: number;
  /** What it was traced by, where it was. */
  readonly span?: Pick<Span, 'ids'>;
}

/** A bot that is hosted, and who knows how it does. */
export interface HistoryBot extends BotRef {
  readonly recorder: {
    /** As of now; made when asked for. */
    readonly present: RuntimeFacts;
  };
}

/** Who writes down what bots do while they do it. Never throws, and never waits. */
export interface BotHistory {
  /** A try at a call of the Bot API has ended with `failure`, or well. */
  called(bot: BotRef, method: string, failure: CallError | undefined, tookMs: number): void;
  updated(bot: BotRef, ended: EndedUpdate): void;
  /** Something went wrong that counts as one of the bot's errors. */
  failed(bot: BotRef, error: unknown): void;
  /** How the bot does, and what was counted, is to be told at once. */
  persist(bot: HistoryBot): void;
  /** Something became of somebody at a membership gate. */
  verified(bot: BotRef, outcome: VerificationOutcome, userId: number): void;
}

/** Writes nothing down. */
export const NO_HISTORY: BotHistory = {
  called() {},
  updated() {},
  failed() {},
  persist() {},
  verified() {},
};
