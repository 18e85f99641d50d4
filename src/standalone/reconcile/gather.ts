import { botFleetSchema } from '../../api/bot-fleet.ts';
import { findSigningKeys, findToken, type TokenFinding } from '../../api/bot-secrets.ts';
import { type BotKey, keyOf } from '../../api/group.ts';
import type { BotFleetManifest, TenantBotManifest } from '../../api/manifest.ts';
import { ownToken } from '../../api/own-token.ts';
import type { BotIdentity } from '../../api/tenant-bot-status.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Identity } from '../data/state.ts';
import { type ManifestObject, type ObjectId, objectId } from '../manifests/manifest-object.ts';
import type { ManifestSet } from '../manifests/manifest-set.ts';
import { secretsAmong } from './secrets.ts';

/** A TenantBot with all that its manifests say of it. */
export interface GatheredBot {
  readonly id: ObjectId;
  readonly key: BotKey;
  readonly identity: Identity;
  readonly manifest: TenantBotManifest;
  readonly token: TokenFinding;
  readonly signingKeys: ReadonlyMap<number, Secret> | { readonly message: string };
  /** What is wrong with the newest manifest, where this is an older one. */
  readonly keptBecause: string | undefined;
}

/** A BotFleet with its identity. */
export interface GatheredFleet {
  readonly id: ObjectId;
  readonly identity: Identity;
  readonly manifest: BotFleetManifest;
  /** Why the last good manifest is kept, where it is. */
  readonly keptBecause: string | undefined;
}

/** All that manifests say, put together. */
export interface Gathered {
  readonly bots: readonly GatheredBot[];
  /** By name. */
  readonly fleets: ReadonlyMap<string, GatheredFleet>;
}

/** What is known from before. */
export interface Known {
  readonly identities: ReadonlyMap<ObjectId, Identity>;
  /** Who the TenantBot was last, at Telegram. */
  readonly botOf: (id: ObjectId) => BotIdentity | undefined;
}

/** Joins each object with who it is, and each bot with what its Secrets hold. */
export function gather(
  { objects, problems }: Pick<ManifestSet, 'objects' | 'problems'>,
  { identities, botOf }: Known,
): Gathered {
  const secrets = secretsAmong(objects.values(), problems);
  const bots: GatheredBot[] = [];
  const fleets = new Map<string, GatheredFleet>();
  for (const [id, { kind, object: manifest, keptBecause }] of objects) {
    const identity = identities.get(id);
    if (!identity) continue;
    if (kind === 'BotFleet') {
      fleets.set(manifest.metadata.name, { id, identity, manifest, keptBecause });
    }
    if (kind !== 'TenantBot') continue;
    const { namespace, annotations } = manifest.metadata;
    const found = findToken(secrets, namespace, manifest.spec.tokenSecretRef);
    const token = ownToken(found, { bot: botOf(id), annotations });
    const signingKeys = findSigningKeys(secrets, namespace, manifest.spec);
    const key = keyOf(manifest.metadata);
    bots.push({ id, key, identity, manifest, token, signingKeys, keptBecause });
  }
  return { bots, fleets };
}

/** `objects` with the fleet `default`, which is there even where nobody has written it. */
export function withDefaultFleet(
  objects: ReadonlyMap<ObjectId, ManifestObject>,
): ReadonlyMap<ObjectId, ManifestObject> {
  const object = botFleetSchema.parse({
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'BotFleet',
    metadata: { name: 'default' },
  });
  const fleet: ManifestObject = { kind: 'BotFleet', object, place: { file: 'built in' } };
  const id = objectId(fleet);
  return objects.has(id) ? objects : new Map([...objects, [id, fleet]]);
}
