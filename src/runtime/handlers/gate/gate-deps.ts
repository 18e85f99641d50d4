import type { Api } from 'grammy';
import type { UserFromGetMe } from 'grammy/types';
import type { VerificationOutcome } from '../../../api/history-records.ts';
import type { Aspect } from '../../../api/runtime-facts.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { Sweep } from '../../sweep.ts';
import type { Visitor } from './visitor.ts';

/** What the gates of one bot work with. */
export interface GateDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly me: UserFromGetMe;
  readonly sweep: Sweep;
  /** For calls that somebody waits for, and for those that nobody does. They belong to no update. */
  readonly api: Readonly<Record<'reply' | 'background', Api>>;
  /** Is told how the gates are; undefined where there are none. */
  onAspect(aspect: Aspect | undefined): void;
  /** Is told what became of somebody. */
  onVerification(outcome: VerificationOutcome, visitor: Visitor): void;
}

/** How urgent a call is. */
export type Priority = keyof GateDeps['api'];
