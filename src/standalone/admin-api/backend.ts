import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type {
  AdminBackend,
  BotLogs,
  BotObject,
  Catalog,
  FleetObject,
} from '../../admin/backend.ts';
import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import type { RetryBook } from '../../api/retry-counts.ts';
import type { History } from '../../history/history.ts';
import type { HistoryReader } from '../../history/queries/reader.ts';
import { toTimestamp } from '../../lib/clock.ts';
import { errorMessage } from '../../lib/errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Conversation } from '../emulated/conversation.ts';
import type { ObjectStore } from '../object-store.ts';
import type { TelegramAddress } from '../telegram-address.ts';
import { localChat } from './local-chat.ts';
import { ManifestWriter, type ManifestWriterOptions } from './manifest-writer.ts';
import { ObjectCatalog } from './object-catalog.ts';

/** What the admin API of a standalone stands on. */
export interface LocalBackendOptions extends Omit<ManifestWriterOptions, 'bots'> {
  readonly objects: ObjectStore;
  readonly telegram: Pick<TelegramAddress, 'of'>;
  readonly retries: RetryBook | undefined;
  /** Undefined where none is kept. */
  readonly history:
    | { readonly reader: HistoryReader | undefined; readonly kept: Pick<History, 'audit'> }
    | undefined;
  /** Undefined where bots talk to the real Telegram. */
  readonly conversation: Conversation | undefined;
  readonly logs: BotLogs | undefined;
  readonly log: Log;
}

/** How long the database may take to have an entry of the audit log. */
const AUDIT_MS = 10_000;

/** A standalone, as the admin API sees it and acts on it. */
export function localBackend(options: LocalBackendOptions): AdminBackend {
  const { objects, telegram, retries, history, conversation, logs, clock, log } = options;
  const bots: Catalog<BotObject> = new ObjectCatalog(objects, 'TenantBot');
  const fleets: Catalog<FleetObject> = new ObjectCatalog(objects, 'BotFleet');
  const since = toTimestamp(clock.wallMs());
  return {
    mode: 'standalone',
    bots,
    fleets,
    writer: new ManifestWriter({ ...options, bots }),
    retries,
    chat: conversation && localChat(conversation),
    logs,
    leader: () => ({ holder: `${hostname()} (${process.pid})`, isThis: true, term: null, since }),
    telegramOf: ({ spec }) => telegram.of(spec as BotFleetSpec),
    history: () => history?.reader,
    audit(entry) {
      log.info({ audit: entry }, `audit: ${entry.actor}: ${entry.action}`);
      const whole = { ...entry, id: randomUUID(), at: Math.round(clock.wallMs()) };
      history?.kept.audit(whole, AbortSignal.timeout(AUDIT_MS)).catch((error: unknown) => {
        log.warn(`the audit log of the history lacks an entry: ${errorMessage(error)}`);
      });
    },
  };
}
