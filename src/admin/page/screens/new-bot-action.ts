import { request } from '../http.ts';
import type { Action } from '../parts/confirm.tsx';
import { botPath } from '../query-string.ts';
import { navigate } from '../router.ts';

const NAME = '[a-z0-9]([a-z0-9.\\-]*[a-z0-9])?';
const NAME_HINT = 'Small letters, digits and hyphens.';

/** Makes a bot that greets; what else it does is for its manifest to say. */
export const NEW_BOT: Action = {
  label: 'New bot',
  consequence:
    'Makes a TenantBot that answers /start. Its token stands in a Secret of the same namespace, under the key "token".',
  fields: [
    { name: 'namespace', label: 'Namespace', initial: 'default', pattern: NAME, hint: NAME_HINT },
    { name: 'name', label: 'Name', initial: '', pattern: NAME, hint: NAME_HINT },
    { name: 'secret', label: 'Secret with the token', initial: '', pattern: NAME },
    { name: 'greeting', label: 'Answer to /start', initial: 'Hello {firstName}!' },
  ],
  async run({ namespace = '', name = '', secret, greeting }) {
    const spec = {
      tokenSecretRef: { name: secret },
      handlers: [{ command: { name: 'start', reply: { text: greeting } } }],
    };
    await request('/v1/bots', { method: 'POST', body: { namespace, name, spec } });
    navigate(botPath('/bots', { namespace, name }));
    return undefined;
  },
};
