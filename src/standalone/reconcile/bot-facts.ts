import type { BotFacts } from '../../api/bot-facts.ts';
import { tokenFact } from '../../api/bot-secrets.ts';
import type { RuntimeFacts } from '../../api/runtime-facts.ts';
import type { Placement } from '../../api/tenant-bot-status.ts';
import { unreachable } from '../../lib/errors.ts';
import type { Verdict } from './decide.ts';
import type { GatheredBot } from './gather.ts';

/** What is known of a bot apart from its manifests. */
export interface BotSituation {
  readonly verdict: Verdict;
  /** Only while the bot has a seat. */
  readonly placement: Placement | undefined;
  readonly runtime: RuntimeFacts | undefined;
}

/** The facts that a bot's status follows from. */
export function botFacts(bot: GatheredBot, situation: BotSituation): BotFacts {
  const { key, identity, manifest, token, signingKeys, keptBecause } = bot;
  const { verdict, placement, runtime } = situation;
  return {
    key,
    generation: identity.generation,
    suspended: manifest.spec.suspended,
    fleetName: manifest.spec.fleet,
    fleet: verdict.kind === 'no-fleet' ? 'missing' : 'found',
    token: tokenFact(token),
    signingKeys:
      'message' in signingKeys
        ? { kind: 'missing', message: signingKeys.message }
        : { kind: 'found' },
    ...(keptBecause !== undefined && { manifestProblem: keptBecause }),
    ...(placement && { placement }),
    ...(runtime && { runtime }),
    ...verdictFacts(verdict, manifest.spec.fleet),
  };
}

function verdictFacts(
  verdict: Verdict,
  fleet: string,
): Pick<BotFacts, 'duplicateOf' | 'noPlaceBecause' | 'refusal' | 'turnAt'> {
  switch (verdict.kind) {
    case 'duplicate':
      return { duplicateOf: verdict.of };
    case 'no-room':
      return {
        noPlaceBecause: `Fleet "${fleet}" is full: it takes ${verdict.capacity} ${verdict.capacity === 1 ? 'bot' : 'bots'}. Raise spec.sharding.botsPerShard of the BotFleet, or move bots to another fleet.`,
      };
    case 'refused':
      return { refusal: verdict.refusal };
    case 'cold':
      return { turnAt: verdict.turnAt };
    case 'run':
    case 'wait':
    case 'suspended':
    case 'no-token':
    case 'no-signing-key':
    case 'no-fleet':
      return {};
    default:
      return unreachable(verdict);
  }
}
