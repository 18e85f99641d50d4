import { describe, expect, test } from 'vitest';
import { editManifest } from '../../../src/standalone/admin-api/edit-manifest.ts';

const BOTS = `# at the top

---
# first
apiVersion: tenantbot.dev/v1alpha1
kind: TenantBot   # a bot
metadata: {name: one}
spec:
  # its token
  tokenSecretRef: {name: one}
  limits:
    burst: 3 # few
  handlers:
    - command: {name: start, reply: {text: 'hello "you"'}}   # greets
# after first
---
{ "apiVersion": "tenantbot.dev/v1alpha1", "kind": "TenantBot", "metadata": { "name": "two", "namespace": "blue" },
  "spec": { "tokenSecretRef": { "name": "two" }, "suspended": true, "handlers": [{"command": {"name": "x", "reply": {"text": "y"}}}] } }
---
apiVersion: v1
kind:   Secret
metadata:   {name: one}
stringData: {token: "1:x"}
`;

function edit(name: string, patch: object, text = BOTS): string {
  const [namespace = '', bot = ''] = name.split('/');
  return editManifest(text, { namespace, name: bot }, patch).text;
}

describe('a change of a manifest', () => {
  test('touches nothing but the lines that it is about', () => {
    expect(edit('default/one', { spec: { suspended: true, limits: { burst: 4 } } })).toBe(
      BOTS.replace('burst: 3 #', 'burst: 4 #').replace(
        '   # greets\n',
        '   # greets\n  suspended: true\n',
      ),
    );
    expect(edit('default/one', { spec: { limits: { requestsPerSecond: 9 } } })).toBe(
      BOTS.replace('# few\n', '# few\n    requestsPerSecond: 9\n'),
    );
  });

  test('leaves JSON what it is', () => {
    const after = edit('blue/two', { spec: { suspended: false, limits: { burst: 4 } } });
    expect(after).toBe(
      BOTS.replace('"suspended": true', '"suspended": false').replace(
        '"handlers": [{"command": {"name": "x", "reply": {"text": "y"}}}]',
        '"handlers": [{"command": {"name": "x", "reply": {"text": "y"}}}], "limits": {"burst":4}',
      ),
    );
  });

  test('finds bots in lists, keeps line ends, and tells what the bot is to be then', () => {
    const list = [
      'kind: List',
      'apiVersion: v1',
      'items:',
      '- apiVersion: tenantbot.dev/v1alpha1',
      '  kind: TenantBot',
      '  metadata: {name: one}',
      '  spec:',
      '    tokenSecretRef: {name: one}',
      '    handlers: [{command: {name: start, reply: {text: ho}}}]',
    ].join('\r\n');
    const { text, bot } = editManifest(
      list,
      { namespace: 'default', name: 'one' },
      { spec: { suspended: true } },
    );
    expect(text).toBe(`${list}\r\n    suspended: true`);
    expect(bot.spec.suspended).toBe(true);
  });

  test('is refused in words where the rules or the form of the file forbid it', () => {
    expect(() => edit('default/one', { spec: { limits: { burst: 99 } } })).toThrow(
      'burst must not be above requestsPerSecond',
    );
    expect(() => edit('default/three', { spec: { suspended: true } })).toThrow(
      'does not stand in its file any more',
    );
    const shared = BOTS.replace('limits:\n    burst: 3 # few', 'limits: *few').replace(
      'metadata: {name: one}\nspec:',
      'metadata: {name: one, labels: &few {}}\nspec:',
    );
    expect(() => edit('default/one', { spec: { limits: { burst: 2 } } }, shared)).toThrow(
      'edit it by hand',
    );
  });
});
