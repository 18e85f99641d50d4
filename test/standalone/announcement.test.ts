import { expect, test } from 'vitest';
import { parseTenantBot } from '../../src/api/manifest.ts';
import type { TenantBot } from '../../src/api/tenant-bot.ts';
import { announcement } from '../../src/standalone/announcement.ts';

/** A bot that is Ready, or that is not and says why. */
function bot(name: string, trouble?: string, namespace = 'default'): TenantBot {
  const parsed = parseTenantBot({
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: { name, namespace },
    spec: {
      tokenSecretRef: { name },
      handlers: [{ command: { name: 'start', reply: { text: 'hi' } } }],
    },
  });
  if (!parsed.ok) throw new Error('the test made no good bot');
  const metadata = { ...parsed.value.metadata, uid: name, generation: 1, creationTimestamp: '' };
  const ready = {
    type: 'Ready',
    status: trouble === undefined ? ('True' as const) : ('False' as const),
    reason: 'Any',
    message: trouble ?? 'Answers.',
    lastTransitionTime: '',
  };
  return { ...parsed.value, metadata, status: { conditions: [ready] } };
}

const HERE = { data: '.tenantbot', chats: true };

test('bots with trouble come first, and the last line begins with ready', () => {
  expect(announcement([bot('good'), bot('bad', 'No token.')], HERE)).toEqual([
    'bots',
    '  NOT READY  default/bad: No token.',
    '  ready      default/good: Answers.',
    'Try in another terminal:',
    '  npx tenantbot get',
    '  npx tenantbot send good /start',
    '  npx tenantbot chat good',
    'ready: 1 of 2 bots answer; Ctrl-C ends',
  ]);
});

test('the commands name the namespace and the data folder where they have to', () => {
  const lines = announcement([bot('good', undefined, 'shop')], { data: 'kept', chats: true });
  expect(lines).toContain('  npx tenantbot get --data kept -A');
  expect(lines).toContain('  npx tenantbot send --data kept good -n shop /start');
});

test('of many bots a few are listed and the rest are counted', () => {
  const many = Array.from({ length: 600 }, (_, index) => bot(`bot-${index}`));
  const lines = announcement(many, HERE);
  expect(lines).toContain('  … and 580 more: npx tenantbot get');
  expect(lines.length).toBeLessThan(30);
});

test('where nobody can talk to a bot from here, no command says so', () => {
  const lines = announcement([bot('good')], { ...HERE, chats: false }).join('\n');
  expect(lines).not.toContain('send');
  expect(announcement([], HERE).join('\n')).not.toContain('send');
});
