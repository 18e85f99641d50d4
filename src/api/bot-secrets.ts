import type { Secret } from '../lib/secret.ts';
import type { BotFacts } from './bot-facts.ts';
import { type BotKey, keyOf } from './group.ts';
import type { SecretRef } from './handlers.ts';
import type { SecretObject } from './secret-manifest.ts';
import type { TenantBotSpec } from './tenant-bot.ts';
import { parseToken } from './token.ts';

/** The Secrets that there are, and for those that can't be read why. */
export type Secrets = ReadonlyMap<BotKey, SecretObject | { readonly message: string }>;

/** A bot's token as the Secrets show it. Messages say what to do and never quote a value. */
export type TokenFinding =
  | {
      readonly kind: 'ok';
      readonly token: Secret;
      readonly botId: number;
      readonly trimmed: boolean;
    }
  | { readonly kind: 'Missing' | 'InvalidFormat' | 'OtherBot'; readonly message: string };

/** Finds the token of a bot in `namespace`. */
export function findToken(secrets: Secrets, namespace: string, ref: SecretRef): TokenFinding {
  const found = findText(secrets, namespace, ref);
  if ('message' in found) return found;
  const where = nameRef(namespace, ref);
  const format = parseToken(found.text.reveal());
  if (!format.ok) return { kind: 'InvalidFormat', message: `${format.message} It is ${where}.` };
  const { token, botId, trimmed } = format;
  return { kind: 'ok', token, botId, trimmed };
}

/** The keys of a bot's forward handlers by their place, or what is wrong with the first bad one. */
export function findSigningKeys(
  secrets: Secrets,
  namespace: string,
  spec: TenantBotSpec,
): ReadonlyMap<number, Secret> | { readonly message: string } {
  const keys = new Map<number, Secret>();
  for (const [index, { forward }] of spec.handlers.entries()) {
    if (!forward) continue;
    const found = findText(secrets, namespace, forward.signingSecretRef);
    if ('message' in found) return { message: `spec.handlers[${index}].forward: ${found.message}` };
    const where = nameRef(namespace, forward.signingSecretRef);
    if (found.text.reveal().trim() === '') {
      return { message: `spec.handlers[${index}].forward: the signing key is empty (${where}).` };
    }
    keys.set(index, found.text);
  }
  return keys;
}

type Found =
  | { readonly text: Secret }
  | { readonly kind: 'Missing' | 'InvalidFormat'; readonly message: string };

function findText(secrets: Secrets, namespace: string, ref: SecretRef): Found {
  const secret = secrets.get(keyOf({ namespace, name: ref.name }));
  if (!secret) {
    const message = `There is no Secret ${namespace}/${ref.name}. Make one with the key "${ref.key}".`;
    return { kind: 'Missing', message };
  }
  if ('message' in secret) {
    const message = `The Secret ${namespace}/${ref.name} can't be read. ${secret.message}`;
    return { kind: 'Missing', message };
  }
  const value = secret.values.get(ref.key);
  if (!value) {
    const keys = [...secret.values.keys()].map((key) => `"${key}"`).join(', ');
    const has = keys === '' ? 'it is empty' : `it has ${keys}`;
    const message = `The Secret ${namespace}/${ref.name} has no key "${ref.key}"; ${has}. Add the key, or name another one.`;
    return { kind: 'Missing', message };
  }
  if (value.kind === 'text') return { text: value.text };
  const message = `The value is ${value.bytes} bytes that are not text: ${nameRef(namespace, ref)}.`;
  return { kind: 'InvalidFormat', message };
}

function nameRef(namespace: string, ref: SecretRef): string {
  return `the key "${ref.key}" of the Secret ${namespace}/${ref.name}`;
}

/** What a status says of the token that was found. */
export function tokenFact(token: TokenFinding): BotFacts['token'] {
  switch (token.kind) {
    case 'ok':
      return { kind: 'found', botId: token.botId, trimmed: token.trimmed };
    case 'Missing':
      return { kind: 'missing', message: token.message };
    case 'InvalidFormat':
      return { kind: 'invalid', message: token.message };
    case 'OtherBot':
      return { kind: 'other', message: token.message };
    default:
      return token satisfies never;
  }
}
