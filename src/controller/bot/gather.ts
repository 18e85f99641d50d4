import type { BotFleetSpec } from '../../api/bot-fleet.ts';
import { REQUEST_ANNOTATIONS } from '../../api/bot-requests.ts';
import type { Checked } from '../../api/explain.ts';
import type { BotKey } from '../../api/group.ts';
import type { Refusal } from '../../api/tenancy.ts';
import type { TenantBotSpec } from '../../api/tenant-bot.ts';
import type { BotIdentity, TenantBotStatus } from '../../api/tenant-bot-status.ts';
import type { CredentialCache, KnownCredentials } from '../secrets/credential-cache.ts';
import type { FleetDirectory, FoundFleet } from './fleet-directory.ts';
import type { BotRecord } from './roster.ts';
import { botKeyOf, fleetNameOf, readStatus, type StoredBot } from './stored-bot.ts';

/** All that was read of one TenantBot. */
export interface GatheredBot {
  readonly object: StoredBot;
  readonly key: BotKey;
  readonly uid: string;
  readonly generation: number;
  readonly deleting: boolean;
  readonly spec: Checked<TenantBotSpec>;
  /** As it is stored. */
  readonly status: TenantBotStatus | undefined;
  readonly fleetName: string;
  readonly fleet: FoundFleet;
  readonly refusal: Refusal | undefined;
  /** Absent where they are of no use: the bot is on its way out, or nobody can read its spec. */
  readonly known: KnownCredentials | undefined;
}

/** Where {@link gather} reads. */
export interface Sources {
  readonly fleets: FleetDirectory;
  readonly credentials: Pick<CredentialCache, 'get'>;
}

/** What the leader knows that decides what is read, and what to make of it. */
export interface GatherHints {
  readonly spec: Checked<TenantBotSpec>;
  readonly bot: BotIdentity | undefined;
  readonly tokenRefused: boolean;
}

/** The hints that the leader's record of the bot gives. */
export function hintsOf({ status, told }: BotRecord, spec: GatherHints['spec']): GatherHints {
  const token = told?.facts.token.state;
  const tokenRefused = token === 'Unauthorized' || token === 'Revoked';
  return { spec, bot: status?.bot, tokenRefused };
}

/** Reads all that the bot's fate depends on. Rejects where that can't be told now. */
export async function gather(
  object: StoredBot,
  { fleets, credentials }: Sources,
  hints: GatherHints,
  signal: AbortSignal,
): Promise<GatheredBot> {
  const { uid, generation = 0, namespace = '', deletionTimestamp, annotations } = object.metadata;
  const { spec, bot, tokenRefused } = hints;
  const deleting = deletionTimestamp !== undefined;
  const fleetName = fleetNameOf(object);
  const known =
    spec.ok && !deleting
      ? await credentials.get(
          {
            uid,
            generation,
            namespace,
            spec: spec.value,
            owner: { bot, annotations },
            tokenRefused,
            checkToken: annotations?.[REQUEST_ANNOTATIONS.checkToken],
          },
          signal,
        )
      : undefined;
  const fleet = fleets.find(fleetName);
  return {
    object,
    key: botKeyOf(object),
    uid,
    generation,
    deleting,
    spec,
    status: readStatus(object),
    fleetName,
    fleet,
    refusal:
      fleet.kind === 'found' && spec.ok
        ? fleets.refusal(fleet.spec, object, spec.value)
        : undefined,
    known,
  };
}

/** The spec of the bot's fleet, where that can be told. */
export function fleetSpecOf({ fleet }: GatheredBot): BotFleetSpec | undefined {
  return fleet.kind === 'found' ? fleet.spec : undefined;
}
