import type { z } from 'zod';
import { type BotFleetSpec, botFleetSpecSchema } from '../../src/api/bot-fleet.ts';
import { tenantBotSpecSchema } from '../../src/api/tenant-bot.ts';
import type { BotAssignment } from '../../src/control/port.ts';
import { Secret } from '../../src/lib/secret.ts';

/** A bot for a runtime to host, as plain data. */
export interface HostedBot {
  /** Also its uid. */
  readonly name: string;
  readonly token: string;
  readonly handlers: z.input<typeof tenantBotSpecSchema>['handlers'];
  /** What else its spec says. */
  readonly spec?: Partial<z.input<typeof tenantBotSpecSchema>>;
}

/** What signs the requests of every forward handler here. */
const SIGNING_KEY = new Secret('a signing key for tests');

/** Assigns a bot with nothing out of the ordinary but what is said of it. */
export function botAssignment({ name, token, handlers, spec }: HostedBot): BotAssignment {
  return {
    uid: name,
    key: `default/${name}`,
    generation: 1,
    epoch: 1,
    spec: tenantBotSpecSchema.parse({
      tokenSecretRef: { name: `${name}-token` },
      handlers,
      ...spec,
    }),
    token: new Secret(token),
    signingKeys: new Map(
      handlers.flatMap(({ forward }, index) => (forward ? [[index, SIGNING_KEY] as const] : [])),
    ),
    dropPending: false,
  };
}

/** A fleet whose bots talk to `apiRoot`. */
export function fleetSpec(
  apiRoot: string,
  telegram: { readonly http2?: boolean } = {},
): BotFleetSpec {
  return botFleetSpecSchema.parse({ telegram: { apiRoot, ...telegram } });
}
