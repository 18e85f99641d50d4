import { API_VERSION } from '../../../src/api/group.ts';

/** One manifest and what both judges, this program and the API server, are to say of it. */
export interface Row {
  /** Unique, and what is special about the manifest. */
  readonly name: string;
  readonly manifest: object;
  /** Where it is wrong, as both judges write it, and a piece of what this program says. */
  readonly wrong?: { readonly path: string; readonly says: string };
}

type Fields = Record<string, unknown>;

/** The smallest handler that is good. */
export const command: Fields = { command: { name: 'start', reply: { text: 'Hello' } } };

/** The smallest forward handler that is good, with `fields` on top. */
export function forward(fields: Fields = {}): Fields {
  const smallest = { url: 'https://bots.example.com/hook', signingSecretRef: { name: 'keys' } };
  return { forward: { ...smallest, ...fields } };
}

/** A text handler. */
export function text(fields: Fields): Fields {
  return { text: { reply: { text: 'Hello' }, ...fields } };
}

/** A command handler that answers with `reply`. */
export function reply(fields: Fields): Fields {
  return { command: { name: 'start', reply: fields } };
}

/** The smallest TenantBot that is good, with `spec` on top. */
export function bot(spec: Fields = {}): object {
  const smallest = { tokenSecretRef: { name: 'greeter-token' }, handlers: [command] };
  return {
    apiVersion: API_VERSION,
    kind: 'TenantBot',
    metadata: { name: 'greeter' },
    spec: { ...smallest, ...spec },
  };
}

/** A TenantBot with these handlers. */
export function botWith(...handlers: readonly unknown[]): object {
  return bot({ handlers });
}

/** The smallest BotFleet that is good, with `spec` where it is given. */
export function fleet(spec?: Fields): object {
  return {
    apiVersion: API_VERSION,
    kind: 'BotFleet',
    metadata: { name: 'default' },
    ...(spec && { spec }),
  };
}
