import type { BotFacts } from './bot-facts.ts';
import type { BreakerStatus } from './breaker.ts';
import type { RuntimeFacts } from './runtime-facts.ts';
import { REFUSAL_REASONS } from './tenancy.ts';
import type { TokenStatus } from './tenant-bot-status.ts';

/** Every reason that a condition of a TenantBot can give, for programs. */
export const BOT_REASONS = [
  'Deleting',
  'Suspended',
  'FleetNotFound',
  ...REFUSAL_REASONS,
  'Missing',
  'InvalidFormat',
  'OtherBot',
  'SecretUnreadable',
  'SameBot',
  'SigningKeyMissing',
  'NoCapacity',
  'ColdStart',
  'NotPlaced',
  'NotReported',
  'NotChecked',
  'Unauthorized',
  'Revoked',
  'NetworkError',
  'Timeout',
  'UnknownError',
  'AnotherPoller',
  'Starting',
  'Restarting',
  'Crashed',
  'Stopping',
  'Stopped',
  'Running',
  'Valid',
  'Placed',
  'NoConflict',
  'SpecNotInEffect',
  'Healthy',
  'Degraded',
  'Unhealthy',
  'Closed',
  'Open',
  'HalfOpen',
  'NotVerified',
  'Synced',
  'Syncing',
  'Refused',
  'RateLimited',
  'NotReached',
  'Registered',
  'NoAddress',
  'NotListening',
  'WebhookRefused',
  'WebhookFailing',
  'CodePending',
  'Verified',
  'Ready',
  'NotAdministrator',
  'ChatNotFound',
  'NotSupergroup',
  'CheckRefused',
  'ManifestInvalid',
] as const;
export type BotReason = (typeof BOT_REASONS)[number];

/** What keeps a bot from answering, and who can change that. */
export interface Obstacle {
  readonly reason: BotReason;
  readonly message: string;
  /** `nobody`: it is as the tenant wants it. */
  readonly waitsFor: 'person' | 'time' | 'nobody';
}

/** One check: what it finds in the way, if anything. */
export type Check = (facts: BotFacts) => Obstacle | undefined;

/** The bot is being deleted. */
export const deleting: Check = (facts) => {
  if (!facts.deletion) return undefined;
  const { heldBy } = facts.deletion;
  if (!isDrained(facts)) {
    return obstacle('Deleting', 'time', 'Being deleted; the bot ends what it has begun.');
  }
  const holders =
    heldBy.length === 0 ? '' : `; only finalizers of others hold it: ${heldBy.join(', ')}`;
  return obstacle('Deleting', 'time', `Being deleted; the bot runs no more${holders}.`);
};

/** The spec must be readable. */
export const specUnreadable: Check = ({ specProblem }) =>
  specProblem === undefined ? undefined : obstacle('ManifestInvalid', 'person', specProblem);

/** The tenant does not want the bot to run. */
export const suspended: Check = (facts) => {
  if (!facts.suspended) return undefined;
  return isDrained(facts)
    ? obstacle('Suspended', 'nobody', 'Suspended by spec.suspended; set it to false to go on.')
    : obstacle('Suspended', 'time', 'Suspended by spec.suspended; the bot ends what it has begun.');
};

/** There must be a fleet to run it. */
export const fleetMissing: Check = ({ fleet, fleetName }) =>
  fleet === 'missing'
    ? obstacle(
        'FleetNotFound',
        'person',
        `There is no BotFleet "${fleetName}". Name another in spec.fleet, or have it made.`,
      )
    : undefined;

/** The fleet must take it. */
export const refused: Check = ({ refusal }) =>
  refusal && obstacle(refusal.reason, 'person', refusal.message);

/** The Secret must hold something that can be a token of this bot. */
export const tokenUnusable: Check = ({ token }) => {
  if (token.kind === 'found') return undefined;
  return obstacle(
    TOKEN_REASONS[token.kind],
    'person',
    token.message || 'The Secret holds no usable token.',
  );
};

const TOKEN_REASONS = {
  missing: 'Missing',
  invalid: 'InvalidFormat',
  other: 'OtherBot',
  unreadable: 'SecretUnreadable',
} as const;

/** No other TenantBot may run the same bot. */
export const sameBot: Check = ({ duplicateOf, key }) => {
  if (duplicateOf === undefined) return undefined;
  // Who lives in another namespace is nobody's business here.
  const owner = namespaceOf(duplicateOf) === namespaceOf(key) ? ` (${duplicateOf})` : '';
  return obstacle(
    'SameBot',
    'person',
    `Another TenantBot${owner} runs the bot that this token belongs to. Delete one of the two, or use a token of another bot.`,
  );
};

/** Every forward handler needs its signing key. */
export const signingKeyMissing: Check = ({ signingKeys }) =>
  signingKeys.kind === 'missing'
    ? obstacle(
        'SigningKeyMissing',
        'person',
        signingKeys.message || 'A forward handler has no signing key.',
      )
    : undefined;

/** The bot could run, and its place is being chosen. */
export const NOT_PLACED: Obstacle = {
  reason: 'NotPlaced',
  waitsFor: 'time',
  message: 'The bot is about to get a place on a shard.',
};

function inLine(turnAt: string): string {
  return `Telegram loads so many bots a minute that it has not heard of lately, and others come first. The turn of this one comes at about ${turnAt}. spec.coldStart of the BotFleet says how many start.`;
}

/** A shard must have taken it. */
export const unplaced: Check = ({ placement, noPlaceBecause, turnAt, notYetBecause }) => {
  if (placement) return undefined;
  if (turnAt !== undefined) return obstacle('ColdStart', 'time', inLine(turnAt));
  if (noPlaceBecause) return obstacle('NoCapacity', 'person', noPlaceBecause);
  return notYetBecause ? { ...NOT_PLACED, message: notYetBecause } : NOT_PLACED;
};

/** The shard must have told of it. */
export const notReported: Check = ({ runtime }) =>
  runtime ? undefined : obstacle('NotReported', 'time', 'The shard has not told of the bot yet.');

/** Telegram must have accepted the token. */
export const tokenUnproven: Check = ({ runtime }) => {
  const token = checkedToken(runtime?.token);
  if (!token) return obstacle('NotChecked', 'time', 'Telegram has not been asked about the token.');
  if (token.state === 'Valid') return undefined;
  const waitsFor = FINAL_STATES.has(token.state) ? 'person' : 'time';
  return obstacle(token.state, waitsFor, token.message || 'The token could not be checked.');
};

/** Nobody else must be taking the updates. */
export const anotherPoller: Check = ({ runtime }) =>
  runtime?.conflict
    ? obstacle(
        'AnotherPoller',
        'person',
        runtime.conflict.message || 'Another program takes the updates of this bot. Stop it.',
      )
    : undefined;

/** The bot must be running. */
export const notRunning: Check = ({ runtime }) => {
  if (!runtime || runtime.lifecycle === 'Running') return undefined;
  const { lifecycle, lastError } = runtime;
  const message = lastError ? `${LIFECYCLE_WORDS[lifecycle]} Last error: ${lastError.message}` : '';
  const waitsFor = lifecycle === 'Crashed' ? 'person' : 'time';
  return obstacle(lifecycle, waitsFor, message || LIFECYCLE_WORDS[lifecycle]);
};

const LIFECYCLE_WORDS = {
  Starting: 'The bot is starting.',
  Restarting: 'The bot has crashed and is being started again.',
  Crashed:
    'The bot has crashed and rests. Mend its spec or its service; another spec or token starts it, and so does "tenantbot restart".',
  Stopping: 'The bot is stopping after what it has begun.',
  Stopped: 'The bot has stopped.',
  Suspended: 'The bot is suspended: its token is no longer valid.',
} as const;

/** Who must prove to own the bot must have done so. */
export const unverified: Check = ({ runtime }) => {
  const ownership = runtime?.aspects?.ownership;
  return !ownership || ownership.ok
    ? undefined
    : obstacle('NotVerified', 'person', ownership.message);
};

/** Its calls must go through. */
export const unhealthy: Check = ({ runtime }) =>
  runtime?.health.state === 'Unhealthy'
    ? obstacle('Unhealthy', 'time', healthMessage(runtime))
    : undefined;

/** What is wrong with a bot's calls. Counts nothing, so that it changes seldom. */
export function healthMessage({ health }: RuntimeFacts): string {
  const last = health.lastError ? ` The last error: ${health.lastError}` : '';
  return health.state === 'Degraded'
    ? `Some calls to Telegram fail.${last}`
    : `Most calls to Telegram fail.${last}`;
}

/** What a breaker that is not closed means. */
export function breakerMessage({ state, nextProbeAt }: BreakerStatus): string {
  if (state === 'HalfOpen') return 'Calls to Telegram are tried one at a time after many failed.';
  const until = nextProbeAt === undefined ? 'for a while' : `before ${nextProbeAt}`;
  return `Calls to Telegram kept failing: none is made ${until}. "tenantbot breaker reset" makes them at once.`;
}

/** States of a token that only another token ends. */
const FINAL_STATES = new Set<TokenStatus['state']>(['Missing', 'InvalidFormat', 'Revoked']);

/** `token` once Telegram was asked about it. */
export function checkedToken(token: TokenStatus | undefined): TokenStatus | undefined {
  return token?.lastChecked === undefined ? undefined : token;
}

function obstacle(reason: BotReason, waitsFor: Obstacle['waitsFor'], message: string): Obstacle {
  return { reason, waitsFor, message };
}

/** Whether no runtime tells of the bot any more. */
export function isDrained({ runtime }: BotFacts): boolean {
  return runtime === undefined || runtime.lifecycle === 'Stopped';
}

function namespaceOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}
