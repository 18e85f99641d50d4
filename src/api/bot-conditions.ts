import {
  anotherPoller,
  type BotReason,
  breakerMessage,
  type Check,
  deleting,
  fleetMissing,
  healthMessage,
  NOT_PLACED,
  notReported,
  notRunning,
  type Obstacle,
  refused,
  sameBot,
  signingKeyMissing,
  specUnreadable,
  suspended,
  tokenUnproven,
  tokenUnusable,
  unhealthy,
  unplaced,
  unverified,
} from './bot-checks.ts';
import type { BotFacts } from './bot-facts.ts';
import type { Condition, Finding } from './conditions.ts';
import { ASPECTS, type AspectName } from './runtime-facts.ts';

/** Types of conditions of a TenantBot (docs/conditions.md). */
export const BOT_CONDITIONS = [
  'Ready',
  'TokenValid',
  'Placed',
  'Healthy',
  'BreakerClosed',
  'WebhookReady',
  'OwnershipVerified',
  'ProfileSynced',
  'GateReady',
  'Conflict',
  'Reconciling',
  'Stalled',
] as const;

/** The condition that tells of each side of a bot. */
export const ASPECT_CONDITIONS: Readonly<Record<AspectName, (typeof BOT_CONDITIONS)[number]>> = {
  webhook: 'WebhookReady',
  ownership: 'OwnershipVerified',
  profile: 'ProfileSynced',
  gate: 'GateReady',
};

/** In the order in which a person would mend things: the first that fails is what Ready tells. */
const CHECKS: readonly Check[] = [
  deleting, // it is on its way out
  specUnreadable, // nobody knows what the tenant wants
  suspended, // the tenant does not want the bot to run
  fleetMissing, // nobody could run it
  refused, // its fleet does not take it
  tokenUnusable, // there is no token, or none that could be one
  sameBot, // another TenantBot runs the same bot
  signingKeyMissing, // a forward handler could not sign
  unplaced, // no shard has taken it
  notReported, // the shard has not told of it
  tokenUnproven, // Telegram has not accepted the token
  anotherPoller, // another program takes its updates
  notRunning, // it is starting, stopping or crashed
  unverified, // nobody has proved to own it
  unhealthy, // its calls fail
];

/**
 * What the facts say, as conditions without times: a pure function. `Ready` says whether the bot
 * answers, `Reconciling` and `Stalled` (never both, and only while they apply) whether that is
 * about to change by itself or needs a person.
 */
export function botFindings(facts: BotFacts): Finding[] {
  const obstacle = firstObstacle(facts);
  return [
    ready(facts, obstacle),
    tokenValid(facts),
    placed(facts, obstacle),
    ...calls(facts),
    ...aspects(facts),
    ...conflict(facts),
    ...progress(facts, obstacle),
  ];
}

/**
 * The findings with a `Conflict` that has ended kept as `False`: who had one sees when it ended,
 * who never had one is not bothered.
 */
export function withEndedConflict(
  findings: readonly Finding[],
  previous: readonly Condition[],
): readonly Finding[] {
  const had = previous.some(({ type }) => type === 'Conflict');
  if (!had || findings.some(({ type }) => type === 'Conflict')) return findings;
  return [
    ...findings,
    finding('Conflict', 'False', 'NoConflict', 'Nobody else runs this bot any more.'),
  ];
}

function firstObstacle(facts: BotFacts): Obstacle | undefined {
  for (const check of CHECKS) {
    const obstacle = check(facts);
    if (obstacle) return obstacle;
  }
  return undefined;
}

function ready(facts: BotFacts, obstacle: Obstacle | undefined): Finding {
  if (obstacle) return finding('Ready', 'False', obstacle.reason, obstacle.message);
  const { runtime, generation, manifestProblem } = facts;
  const username = runtime?.bot?.username;
  const who = username === undefined ? 'The bot answers.' : `Answers as @${username}.`;
  const but = manifestProblem ? ` The newest manifest is not in effect: ${manifestProblem}` : '';
  // Until the new spec is in effect this is said of the old one: `kubectl wait` goes by it.
  const observedGeneration = Math.min(runtime?.generation ?? generation, generation);
  return { ...finding('Ready', 'True', 'Running', `${who}${but}`), observedGeneration };
}

function tokenValid(facts: BotFacts): Finding {
  const obstacle = tokenUnusable(facts) ?? tokenUnproven(facts);
  if (!obstacle) {
    const trimmed = facts.token.kind === 'found' && facts.token.trimmed;
    const note = trimmed ? ' White space around it in the Secret was cut off.' : '';
    return finding('TokenValid', 'True', 'Valid', `Telegram accepts the token.${note}`);
  }
  const status = obstacle.waitsFor === 'person' ? 'False' : 'Unknown';
  return finding('TokenValid', status, obstacle.reason, obstacle.message);
}

function placed({ placement }: BotFacts, obstacle: Obstacle | undefined): Finding {
  if (placement) {
    const message = `On shard ${placement.shard} of fleet "${placement.fleet}".`;
    return finding('Placed', 'True', 'Placed', message);
  }
  // Without a place there is an obstacle: the one that comes first is why.
  const { reason, message } = obstacle ?? NOT_PLACED;
  return finding('Placed', 'False', reason, message);
}

/** How its calls go: while it runs. */
function calls({ runtime, deletion, suspended }: BotFacts): Finding[] {
  if (runtime?.lifecycle !== 'Running' || deletion || suspended) return [];
  const { health, breaker } = runtime;
  const isClosed = breaker.state === 'Closed';
  return [
    health.state === 'Healthy'
      ? finding('Healthy', 'True', 'Healthy', 'Calls to Telegram succeed.')
      : finding('Healthy', 'False', health.state, healthMessage(runtime)),
    isClosed
      ? finding('BreakerClosed', 'True', 'Closed', 'Calls to Telegram are made.')
      : finding('BreakerClosed', 'False', breaker.state, breakerMessage(breaker)),
  ];
}

/** What they say holds for the spec that is in effect, which may not be the newest. */
function aspects({ runtime, generation }: BotFacts): Finding[] {
  if (!runtime) return [];
  const observedGeneration = Math.min(runtime.generation, generation);
  return ASPECTS.flatMap((name) => {
    const aspect = runtime.aspects?.[name];
    if (!aspect) return [];
    const { ok, ...words } = aspect;
    const status = ok ? 'True' : 'False';
    return [{ type: ASPECT_CONDITIONS[name], status, ...words, observedGeneration }];
  });
}

function conflict(facts: BotFacts): Finding[] {
  const obstacle = sameBot(facts) ?? anotherPoller(facts);
  return obstacle ? [finding('Conflict', 'True', obstacle.reason, obstacle.message)] : [];
}

/** Stalled comes first: what needs a person does not end by waiting. */
function progress(facts: BotFacts, obstacle: Obstacle | undefined): Finding[] {
  const { manifestProblem, runtime, generation } = facts;
  if (obstacle?.waitsFor === 'person') {
    return [finding('Stalled', 'True', obstacle.reason, obstacle.message)];
  }
  if (manifestProblem) return [finding('Stalled', 'True', 'ManifestInvalid', manifestProblem)];
  if (obstacle?.waitsFor === 'time') {
    return [finding('Reconciling', 'True', obstacle.reason, obstacle.message)];
  }
  if (obstacle || !runtime || runtime.generation >= generation) return [];
  const message = 'The newest spec is about to take effect; the one before still runs.';
  return [finding('Reconciling', 'True', 'SpecNotInEffect', message)];
}

function finding(
  type: (typeof BOT_CONDITIONS)[number],
  status: Condition['status'],
  reason: BotReason,
  message: string,
): Finding {
  return { type, status, reason, message };
}
