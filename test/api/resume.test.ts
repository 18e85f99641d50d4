import { expect, test } from 'vitest';
import { resumeOf } from '../../src/api/bot-recall.ts';
import { tenantBotStatus } from '../../src/api/bot-status.ts';
import { botFacts } from './bot-facts-builder.ts';

const NOW = '2026-02-01T12:00:00Z';
const status = tenantBotStatus(botFacts(), undefined, NOW);

test('a bot goes on from who it was and what was said of its token', () => {
  expect(resumeOf(status, 7)).toMatchObject({ bot: { id: 7 }, token: 'Valid' });
});

test('nothing of that is true of another bot', () => {
  const resume = resumeOf(status, 8);
  expect(resume).toMatchObject({ counters: status.counters });
  expect(resume).not.toHaveProperty('bot');
  expect(resume).not.toHaveProperty('token');
});

test('a token that Telegram was never asked about is as good as new', () => {
  const { bot: _, ...others } = status;
  const missing = { state: 'Missing' as const, message: 'There is none.' };
  expect(resumeOf({ ...others, token: missing }, 7)).not.toHaveProperty('token');
  const revoked = { state: 'Revoked' as const, lastChecked: NOW, message: 'Renew it.' };
  expect(resumeOf({ ...others, token: revoked }, 7)).toMatchObject({ token: 'Revoked' });
});

test('who never ran has nothing to go on from', () => {
  expect(resumeOf({}, 7)).toBeUndefined();
});
