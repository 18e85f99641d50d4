import {
  findSigningKeys,
  findToken,
  type Secrets,
  type TokenFinding,
} from '../../api/bot-secrets.ts';
import { type BotKey, keyOf } from '../../api/group.ts';
import { ownToken, type TokenOwner } from '../../api/own-token.ts';
import type { SecretObject } from '../../api/secret-manifest.ts';
import type { TenantBotSpec } from '../../api/tenant-bot.ts';
import type { Secret } from '../../lib/secret.ts';
import type { SecretReader } from './secret-reader.ts';

/** What a bot's Secrets hold for it. */
export type Credentials =
  | {
      readonly kind: 'read';
      readonly token: TokenFinding;
      readonly signingKeys: ReadonlyMap<number, Secret> | { readonly message: string };
    }
  /** It can't be told what they hold: whatever runs goes on. */
  | { readonly kind: 'unreadable'; readonly message: string };

/** `credentials` without a token that is not that of `owner`. */
export function ownCredentials(credentials: Credentials, owner: TokenOwner): Credentials {
  if (credentials.kind === 'unreadable') return credentials;
  return { ...credentials, token: ownToken(credentials.token, owner) };
}

/** Whether all is there that a bot needs to start. */
export function areComplete(credentials: Credentials): boolean {
  return (
    credentials.kind === 'read' &&
    credentials.token.kind === 'ok' &&
    !('message' in credentials.signingKeys)
  );
}

/** Reads the Secrets that `spec` names, of the bot's own namespace only. */
export async function readCredentials(
  reader: Pick<SecretReader, 'read'>,
  { namespace, spec }: { readonly namespace: string; readonly spec: TenantBotSpec },
  signal: AbortSignal,
): Promise<Credentials> {
  const secrets = new Map<BotKey, SecretObject>();
  for (const name of secretNames(spec)) {
    const read = await reader.read(namespace, name, signal);
    if (read.kind === 'unreadable') return read;
    if (read.kind === 'found') secrets.set(keyOf({ namespace, name }), read.secret);
  }
  return { kind: 'read', ...findCredentials(secrets, namespace, spec) };
}

/** The Secrets that a bot needs, each once. */
export function secretNames({ tokenSecretRef, handlers }: TenantBotSpec): ReadonlySet<string> {
  const keys = handlers.flatMap(({ forward }) => (forward ? [forward.signingSecretRef.name] : []));
  return new Set([tokenSecretRef.name, ...keys]);
}

function findCredentials(secrets: Secrets, namespace: string, spec: TenantBotSpec) {
  return {
    token: findToken(secrets, namespace, spec.tokenSecretRef),
    signingKeys: findSigningKeys(secrets, namespace, spec),
  };
}
