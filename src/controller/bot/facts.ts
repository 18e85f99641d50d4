import type { BotFacts } from '../../api/bot-facts.ts';
import { tokenFact } from '../../api/bot-secrets.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import type { Claim } from '../../planner/claim.ts';
import type { Decision } from './decide.ts';
import type { GatheredBot } from './gather.ts';
import { DRAIN_FINALIZER, specProblem } from './stored-bot.ts';

/** What is known of a bot apart from what was gathered. */
export interface BotOutcome {
  readonly decision: Decision;
  readonly claim: Claim;
  readonly placement: Placement | undefined;
  readonly runtime: RuntimeFacts | undefined;
}

/** The facts that a bot's status follows from: a pure function. */
export function botFacts(bot: GatheredBot, outcome: BotOutcome): BotFacts {
  const { key, generation, spec, fleet, fleetName, refusal } = bot;
  const { claim, runtime } = outcome;
  return {
    key,
    generation,
    suspended: spec.ok && spec.value.suspended,
    fleetName,
    fleet: fleet.kind === 'missing' ? 'missing' : 'found',
    ...credentialFacts(bot, outcome),
    ...placementFacts(outcome.placement),
    ...specFacts(bot, outcome.decision),
    ...decisionFacts(bot, outcome.decision),
    ...deletionFacts(bot),
    ...(refusal && { refusal }),
    ...(claim.kind === 'taken' && { duplicateOf: claim.by }),
    ...(runtime && { runtime }),
  };
}

function credentialFacts(
  { known }: GatheredBot,
  { decision, placement }: BotOutcome,
): Pick<BotFacts, 'token' | 'signingKeys'> {
  const credentials = known?.credentials;
  if (credentials?.kind === 'read') {
    const { token, signingKeys } = credentials;
    const isMissing = 'message' in signingKeys;
    return {
      token: tokenFact(token),
      signingKeys: isMissing
        ? { kind: 'missing', message: signingKeys.message }
        : { kind: 'found' },
    };
  }
  const signingKeys = { kind: 'found' } as const;
  if (credentials && decision.kind !== 'keep') {
    return { token: { kind: 'unreadable', message: credentials.message }, signingKeys };
  }
  // Nothing is said against a token that was good enough to run by.
  const botId = placement?.botId ?? 0;
  return { token: { kind: 'found', botId, trimmed: false }, signingKeys };
}

/** A place without a bot's id is only kept. */
function placementFacts(
  placement: Placement | undefined,
): Pick<BotFacts, 'placement' | 'keptPlacement'> {
  if (!placement) return {};
  return placement.botId === undefined ? { keptPlacement: placement } : { placement };
}

function specFacts(
  { spec, deleting }: GatheredBot,
  decision: Decision,
): Pick<BotFacts, 'manifestProblem' | 'specProblem'> {
  if (spec.ok || deleting) return {};
  const problem = specProblem(spec.problems);
  return decision.kind === 'keep' ? { manifestProblem: problem } : { specProblem: problem };
}

function decisionFacts(
  { fleet, fleetName }: GatheredBot,
  decision: Decision,
): Pick<BotFacts, 'noPlaceBecause' | 'turnAt' | 'notYetBecause'> {
  if (decision.kind === 'full') return { noPlaceBecause: noRoom(fleetName, decision) };
  if (decision.kind === 'cold') return { turnAt: decision.turnAt };
  if (decision.kind === 'wait') {
    return { notYetBecause: 'Another TenantBot is about to let go of the same bot.' };
  }
  return fleet.kind === 'unreadable' ? { notYetBecause: fleet.message } : {};
}

function noRoom(fleet: string, { capacity, lost }: Extract<Decision, { kind: 'full' }>): string {
  if (lost > 0) {
    return `The shards of fleet "${fleet}" that are at work are full, and ${lost} of its shards ${lost === 1 ? 'is' : 'are'} lost: neither heard nor Ready. See its pods; or have spec.sharding.maxShards or botsPerShard of the BotFleet raised.`;
  }
  const bots = capacity === 1 ? 'bot' : 'bots';
  return `Fleet "${fleet}" is full: it takes ${capacity} ${bots}, and those that rest count. Have spec.sharding.maxShards or botsPerShard of the BotFleet raised, or name another fleet in spec.fleet.`;
}

function deletionFacts({ deleting, object }: GatheredBot): Pick<BotFacts, 'deletion'> {
  if (!deleting) return {};
  const { finalizers = [] } = object.metadata;
  return { deletion: { heldBy: finalizers.filter((name) => name !== DRAIN_FINALIZER) } };
}
