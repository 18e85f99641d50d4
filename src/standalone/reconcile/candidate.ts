import type { Refusal } from '../../api/tenancy.ts';
import type { Candidate } from './decide.ts';
import type { GatheredBot } from './gather.ts';

/** The bot as one that wants a place; `refused` are those that their fleets do not take, by uid. */
export function toCandidate(
  { key, identity, manifest, token, signingKeys }: GatheredBot,
  refused: ReadonlyMap<string, Refusal>,
): Candidate {
  return {
    uid: identity.uid,
    key,
    fleet: manifest.spec.fleet,
    createdAt: identity.creationTimestamp,
    suspended: manifest.spec.suspended,
    refusal: refused.get(identity.uid),
    botId: token.kind === 'ok' ? token.botId : undefined,
    signable: !('message' in signingKeys),
  };
}
