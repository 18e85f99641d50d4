import { describe, expect, it } from 'vitest';
import { type LabelSelector, selects } from '../../src/api/label-selector.ts';
import { type Applicant, forwardHosts, refusal, type Tenancy } from '../../src/api/tenancy.ts';

const applicant: Applicant = {
  namespace: 'shop',
  labels: { team: 'shop' },
  botsOlderInNamespace: 2,
  forwardHosts: ['bots.example.com'],
};

function reason(tenancy: Tenancy, changes: Partial<Applicant> = {}): string | undefined {
  return refusal(tenancy, { ...applicant, ...changes })?.reason;
}

describe('a fleet', () => {
  it('takes every bot unless it has rules', () => {
    expect(reason({})).toBeUndefined();
  });

  it('takes bots from the namespaces that it selects', () => {
    expect(reason({ namespaceSelector: { matchLabels: { team: 'shop' } } })).toBeUndefined();
    expect(reason({ namespaceSelector: { matchLabels: { team: 'bank' } } })).toBe(
      'NamespaceNotAllowed',
    );
  });

  it('takes so many bots of a namespace, the older ones', () => {
    expect(reason({ maxBotsPerNamespace: 3 })).toBeUndefined();
    expect(reason({ maxBotsPerNamespace: 2 })).toBe('TooManyBots');
  });

  it.each([
    [['bots.example.com'], true],
    [['other.example.com', '*.example.com'], true],
    [['*.com'], true],
    [['*.bots.example.com'], false],
    [['example.com'], false],
    [['*.ample.com'], false],
    [[], false],
  ])('with the hosts %j: a forward to bots.example.com is taken: %s', (allowed, taken) => {
    const refused = reason({ allowedForwardHosts: allowed });
    expect(refused).toBe(taken ? undefined : 'ForwardHostNotAllowed');
  });

  it('allows a bot without forward handlers whatever hosts it lists', () => {
    expect(reason({ allowedForwardHosts: [] }, { forwardHosts: [] })).toBeUndefined();
  });

  it('says what a tenant can do, namespace first', () => {
    const rules = {
      namespaceSelector: { matchLabels: { team: 'bank' } },
      maxBotsPerNamespace: 1,
      allowedForwardHosts: [],
    };
    expect(refusal(rules, applicant)?.message).toContain('no bots from namespace "shop". Name');
    const { namespaceSelector: _, ...others } = rules;
    expect(refusal(others, applicant)?.message).toContain('calls host "bots.example.com"');
    expect(refusal({ maxBotsPerNamespace: 1 }, applicant)?.message).toContain('takes 1 bot from');
  });
});

describe('the hosts of a bot', () => {
  it('are those of its forward handlers, each once and as they are called', () => {
    const forward = (url: string) => ({ forward: { url } });
    const handlers = [
      forward('https://Bots.Example.com:8443/a'),
      { command: { name: 'start' } },
      forward('https://bots.example.com/b?c'),
      forward('http://[::1]/'),
      forward('https://[bad'),
    ];
    expect(forwardHosts({ handlers } as unknown as Parameters<typeof forwardHosts>[0])).toEqual([
      'bots.example.com',
      '[::1]',
      'https://[bad',
    ]);
  });
});

describe('a label selector', () => {
  const requirement = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]) =>
    ({ matchExpressions: [{ key: 'a', operator, values }] }) as LabelSelector;

  it.each([
    [{}, true, true],
    [{ matchLabels: { a: '1' } }, true, false],
    [{ matchLabels: { a: '2' } }, false, false],
    [{ matchLabels: { a: '1', b: '1' } }, false, false],
    [requirement('In', '1', '2'), true, false],
    [requirement('In', '2'), false, false],
    [requirement('NotIn', '1'), false, true],
    [requirement('NotIn', '2'), true, true],
    [requirement('Exists'), true, false],
    [requirement('DoesNotExist'), false, true],
  ])('%j takes a=1: %s, and no labels: %s', (selector, one, none) => {
    expect(selects(selector, { a: '1' })).toBe(one);
    expect(selects(selector, {})).toBe(none);
  });
});
