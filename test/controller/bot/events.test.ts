import { expect, it } from 'vitest';
import { tenantBotStatus } from '../../../src/api/bot-status.ts';
import type { TokenState } from '../../../src/api/token.ts';
import { eventsBetween } from '../../../src/controller/bot/events.ts';
import { botFacts, runtimeFacts } from '../../api/bot-facts-builder.ts';

const NOW = '2026-02-01T12:00:00Z';
const running = tenantBotStatus(botFacts(), undefined, NOW);
const refused = (state: TokenState, message: string) =>
  tenantBotStatus(
    runtimeFacts({
      lifecycle: state === 'Revoked' ? 'Suspended' : 'Starting',
      token: { state, lastChecked: NOW, message },
    }),
    running,
    NOW,
  );

it('a token that is refused, given up and renewed tells a story of three events', () => {
  const suspect = refused('Unauthorized', 'It is checked again.');
  const revoked = refused('Revoked', 'Ask @BotFather for another.');
  expect(revoked.phase).toBe('Suspended');
  const steps = [running, suspect, suspect, revoked, revoked, running];
  const story = steps.slice(1).flatMap((after, index) => eventsBetween(steps[index], after));
  expect(story.map(({ type, reason, note }) => `${type} ${reason}: ${note}`)).toEqual([
    'Warning Unauthorized: It is checked again.',
    'Warning Revoked: Ask @BotFather for another.',
    expect.stringMatching(/^Normal Running: Answers as/),
  ]);
});
