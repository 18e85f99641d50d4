import { TenantBotError } from '../../lib/errors.ts';

/** Why no updates come by a webhook; also the reason that its condition gives. */
export type WebhookFailureReason = 'WebhookRefused' | 'WebhookFailing';

/** A webhook does not work: the bot has to get its updates in another way. The message is for people. */
export class WebhookFailure extends TenantBotError {
  override readonly name = 'WebhookFailure';
  readonly reason: WebhookFailureReason;

  constructor(reason: WebhookFailureReason, message: string) {
    super('environment', 'WEBHOOK_FAILED', message);
    this.reason = reason;
  }
}
