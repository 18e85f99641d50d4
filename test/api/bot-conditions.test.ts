import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOT_REASONS, type BotReason } from '../../src/api/bot-checks.ts';
import { BOT_CONDITIONS, botFindings } from '../../src/api/bot-conditions.ts';
import type { BotFacts } from '../../src/api/bot-facts.ts';
import { UNKNOWN_HEALTH } from '../../src/api/health.ts';
import type { TokenState } from '../../src/api/token.ts';
import { anyBotFacts, botFacts, runtimeFacts, without } from './bot-facts-builder.ts';

const CHECKED = '2026-02-01T12:00:00Z';

/** The findings as `Type=Status/Reason`. */
function short(facts: BotFacts): string[] {
  return botFindings(facts).map(({ type, status, reason }) => `${type}=${status}/${reason}`);
}

function tokenState(state: TokenState, message = ''): BotFacts {
  return runtimeFacts({ token: { state, lastChecked: CHECKED, message } });
}

function find(facts: BotFacts, type: string) {
  return botFindings(facts).find((finding) => finding.type === type);
}

interface Case {
  readonly when: string;
  readonly facts: BotFacts;
  readonly ready: BotReason;
  readonly says: string;
  readonly also: readonly string[];
}

const pending = without(botFacts(), 'placement', 'runtime');

const CALLS = ['Healthy=True/Healthy', 'BreakerClosed=True/Closed'];

const cases: readonly Case[] = [
  {
    when: 'the bot answers',
    facts: botFacts(),
    ready: 'Running',
    says: 'Answers as @greeter_bot.',
    also: ['TokenValid=True/Valid', 'Placed=True/Placed', ...CALLS],
  },
  {
    when: 'it is suspended and still drains',
    facts: botFacts({ suspended: true }),
    ready: 'Suspended',
    says: 'ends what it has begun',
    also: ['TokenValid=True/Valid', 'Placed=True/Placed', 'Reconciling=True/Suspended'],
  },
  {
    when: 'it is suspended and drained',
    facts: { ...pending, suspended: true },
    ready: 'Suspended',
    says: 'set it to false',
    also: ['TokenValid=Unknown/NotChecked', 'Placed=False/Suspended'],
  },
  {
    when: 'there is no such fleet',
    facts: { ...pending, fleet: 'missing', fleetName: 'canary' },
    ready: 'FleetNotFound',
    says: 'no BotFleet "canary"',
    also: [
      'TokenValid=Unknown/NotChecked',
      'Placed=False/FleetNotFound',
      'Stalled=True/FleetNotFound',
    ],
  },
  {
    when: 'the Secret lacks the token',
    facts: { ...pending, token: { kind: 'missing', message: 'Secret x has no key "token".' } },
    ready: 'Missing',
    says: 'Secret x has no key "token".',
    also: ['TokenValid=False/Missing', 'Placed=False/Missing', 'Stalled=True/Missing'],
  },
  {
    when: 'the token can be none',
    facts: { ...pending, token: { kind: 'invalid', message: 'The token has no colon.' } },
    ready: 'InvalidFormat',
    says: 'The token has no colon.',
    also: [
      'TokenValid=False/InvalidFormat',
      'Placed=False/InvalidFormat',
      'Stalled=True/InvalidFormat',
    ],
  },
  {
    when: 'a neighbour runs the same bot',
    facts: { ...pending, duplicateOf: 'shop/older' },
    ready: 'SameBot',
    says: '(shop/older)',
    also: [
      'TokenValid=Unknown/NotChecked',
      'Placed=False/SameBot',
      'Conflict=True/SameBot',
      'Stalled=True/SameBot',
    ],
  },
  {
    when: 'a signing key is missing',
    facts: { ...pending, signingKeys: { kind: 'missing', message: 'Secret y is not there.' } },
    ready: 'SigningKeyMissing',
    says: 'Secret y is not there.',
    also: [
      'TokenValid=Unknown/NotChecked',
      'Placed=False/SigningKeyMissing',
      'Stalled=True/SigningKeyMissing',
    ],
  },
  {
    when: 'no shard has room',
    facts: { ...pending, noPlaceBecause: 'All 200 places are taken.' },
    ready: 'NoCapacity',
    says: 'All 200 places are taken.',
    also: ['TokenValid=Unknown/NotChecked', 'Placed=False/NoCapacity', 'Stalled=True/NoCapacity'],
  },
  {
    when: 'its place is being chosen',
    facts: pending,
    ready: 'NotPlaced',
    says: 'about to get a place',
    also: ['TokenValid=Unknown/NotChecked', 'Placed=False/NotPlaced', 'Reconciling=True/NotPlaced'],
  },
  {
    when: 'the shard has not told of it',
    facts: without(botFacts(), 'runtime'),
    ready: 'NotReported',
    says: 'not told',
    also: ['TokenValid=Unknown/NotChecked', 'Placed=True/Placed', 'Reconciling=True/NotReported'],
  },
  {
    when: 'the token has not been checked',
    facts: runtimeFacts({ lifecycle: 'Starting', token: { state: 'UnknownError', message: 'x' } }),
    ready: 'NotChecked',
    says: 'not been asked',
    also: ['TokenValid=Unknown/NotChecked', 'Placed=True/Placed', 'Reconciling=True/NotChecked'],
  },
  ...(['Unauthorized', 'NetworkError', 'Timeout', 'UnknownError'] as const).map((state) => ({
    when: `the token is ${state}`,
    facts: tokenState(state, 'It is checked again.'),
    ready: state,
    says: 'It is checked again.',
    also: [
      `TokenValid=Unknown/${state}`,
      'Placed=True/Placed',
      ...CALLS,
      `Reconciling=True/${state}`,
    ],
  })),
  {
    when: 'the token was revoked',
    facts: tokenState('Revoked', 'Ask @BotFather.'),
    ready: 'Revoked',
    says: 'Ask @BotFather.',
    also: ['TokenValid=False/Revoked', 'Placed=True/Placed', ...CALLS, 'Stalled=True/Revoked'],
  },
  {
    when: 'another program polls',
    facts: runtimeFacts({ conflict: { since: CHECKED, message: 'Stop the other program.' } }),
    ready: 'AnotherPoller',
    says: 'Stop the other program.',
    also: [
      'TokenValid=True/Valid',
      'Placed=True/Placed',
      ...CALLS,
      'Conflict=True/AnotherPoller',
      'Stalled=True/AnotherPoller',
    ],
  },
  ...(['Starting', 'Restarting', 'Stopping', 'Stopped'] as const).map((lifecycle) => ({
    when: `the bot is ${lifecycle}`,
    facts: runtimeFacts({ lifecycle }),
    ready: lifecycle,
    says: 'The bot',
    also: ['TokenValid=True/Valid', 'Placed=True/Placed', `Reconciling=True/${lifecycle}`],
  })),
  {
    when: 'the bot has crashed for good',
    facts: runtimeFacts({
      lifecycle: 'Crashed',
      lastError: { time: CHECKED, fingerprint: 'f', message: 'The service is gone.' },
    }),
    ready: 'Crashed',
    says: 'Last error: The service is gone.',
    also: ['TokenValid=True/Valid', 'Placed=True/Placed', 'Stalled=True/Crashed'],
  },
  {
    when: 'most of its calls fail',
    facts: runtimeFacts({
      health: { ...UNKNOWN_HEALTH, state: 'Unhealthy', lastError: 'No route.' },
    }),
    ready: 'Unhealthy',
    says: 'Most calls to Telegram fail. The last error: No route.',
    also: [
      'TokenValid=True/Valid',
      'Placed=True/Placed',
      'Healthy=False/Unhealthy',
      'BreakerClosed=True/Closed',
      'Reconciling=True/Unhealthy',
    ],
  },
  {
    when: 'some of its calls fail and the breaker is open',
    facts: runtimeFacts({
      health: { ...UNKNOWN_HEALTH, state: 'Degraded' },
      breaker: { state: 'Open', failures: 5, nextProbeAt: '2026-02-01T12:01:00Z' },
    }),
    ready: 'Running',
    says: 'Answers as @greeter_bot.',
    also: [
      'TokenValid=True/Valid',
      'Placed=True/Placed',
      'Healthy=False/Degraded',
      'BreakerClosed=False/Open',
    ],
  },
  {
    when: 'nobody has proved to own it, and its profile is in step',
    facts: runtimeFacts({
      aspects: {
        ownership: { ok: false, reason: 'CodePending', message: 'Send the code to the bot.' },
        profile: { ok: true, reason: 'Synced', message: 'As the spec says.' },
      },
    }),
    ready: 'NotVerified',
    says: 'Send the code to the bot.',
    also: [
      'TokenValid=True/Valid',
      'Placed=True/Placed',
      ...CALLS,
      'OwnershipVerified=False/CodePending',
      'ProfileSynced=True/Synced',
      'Stalled=True/NotVerified',
    ],
  },
  {
    when: 'a new spec is not in effect',
    facts: runtimeFacts({ generation: 2 }),
    ready: 'Running',
    says: 'Answers as @greeter_bot.',
    also: [
      'TokenValid=True/Valid',
      'Placed=True/Placed',
      ...CALLS,
      'Reconciling=True/SpecNotInEffect',
    ],
  },
  {
    when: 'the manifest is broken and the last good one runs on',
    facts: botFacts({ manifestProblem: 'bots.yaml:3:5 is no YAML' }),
    ready: 'Running',
    says: 'not in effect: bots.yaml:3:5 is no YAML',
    also: ['TokenValid=True/Valid', 'Placed=True/Placed', ...CALLS, 'Stalled=True/ManifestInvalid'],
  },
];

describe('the conditions of a bot', () => {
  it.each(cases)('when $when', ({ facts, ready, says, also }) => {
    const status = ready === 'Running' ? 'True' : 'False';
    expect(short(facts)).toEqual([`Ready=${status}/${ready}`, ...also]);
    expect(find(facts, 'Ready')?.message).toContain(says);
  });

  it('are tried in the order in which a person would mend things', () => {
    const worst = botFacts({
      fleet: 'missing',
      token: { kind: 'missing', message: 'No Secret.' },
      duplicateOf: 'shop/older',
      signingKeys: { kind: 'missing', message: 'No key.' },
    });
    expect(find(worst, 'Ready')?.reason).toBe('FleetNotFound');
    expect(find({ ...worst, fleet: 'found' }, 'Ready')?.reason).toBe('Missing');
    expect(find({ ...worst, suspended: true }, 'Ready')?.reason).toBe('Suspended');
  });

  it('name the owner of the same bot only inside one namespace', () => {
    const said = botFindings({ ...pending, duplicateOf: 'bank/secret-project' });
    expect(JSON.stringify(said)).not.toMatch(/bank|secret-project/);
    expect(find({ ...pending, duplicateOf: 'bank/b' }, 'Conflict')?.status).toBe('True');
  });

  it('tell that white space was cut off a token', () => {
    const facts = botFacts({ token: { kind: 'found', botId: 7, trimmed: true } });
    expect(find(facts, 'TokenValid')?.message).toContain('White space');
  });

  it('say Ready of the generation that is in effect, so that kubectl wait waits for the new one', () => {
    expect(find(runtimeFacts({ generation: 2 }), 'Ready')?.observedGeneration).toBe(2);
    expect(find(botFacts(), 'Ready')?.observedGeneration).toBe(3);
  });
});

describe('whatever the facts', () => {
  const always = (holds: (facts: BotFacts) => void) => {
    fc.assert(fc.property(anyBotFacts, holds), { numRuns: 2000 });
  };

  it('a bot is never both Reconciling and Stalled, and these are True or absent', () => {
    always((facts) => {
      const progress = botFindings(facts).filter(({ type }) => /Reconciling|Stalled/.test(type));
      expect(progress.length).toBeLessThanOrEqual(1);
      for (const { status } of progress) expect(status).toBe('True');
    });
  });

  it('Ready=True implies TokenValid=True and Placed=True', () => {
    always((facts) => {
      if (find(facts, 'Ready')?.status !== 'True') return;
      expect(find(facts, 'TokenValid')?.status).toBe('True');
      expect(find(facts, 'Placed')?.status).toBe('True');
      expect(find(facts, 'Conflict')).toBeUndefined();
    });
  });

  it('what is not Ready is on its way, stalled or suspended', () => {
    always((facts) => {
      if (find(facts, 'Ready')?.status === 'True') return;
      const waits = find(facts, 'Reconciling') ?? find(facts, 'Stalled');
      expect(waits !== undefined || facts.suspended).toBe(true);
    });
  });

  it('messages are never empty, and types and reasons are the documented ones', () => {
    const page = readFileSync(new URL('../../docs/conditions.md', import.meta.url), 'utf8');
    for (const word of [...BOT_CONDITIONS, ...BOT_REASONS]) expect(page).toContain(`\`${word}\``);
    always((facts) => {
      for (const { type, reason, message } of botFindings(facts)) {
        expect(BOT_CONDITIONS).toContain(type);
        expect(BOT_REASONS).toContain(reason);
        expect(message).not.toBe('');
      }
    });
  });
});
