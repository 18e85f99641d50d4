import type { FastifyHelmetOptions } from '@fastify/helmet';

const SELF = ["'self'"];
const NONE = ["'none'"];

/** Nothing runs and nothing is shown that this server did not send in a file of its own. */
export function securityHeaders({ hasTls }: { readonly hasTls: boolean }): FastifyHelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: SELF,
        imgSrc: ["'self'", 'data:'],
        objectSrc: NONE,
        baseUri: NONE,
        formAction: SELF,
        frameAncestors: NONE,
      },
    },
    hsts: hasTls,
    referrerPolicy: { policy: 'no-referrer' },
  };
}
