import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../../src/api/manifest.ts';
import type { Identity } from '../../../src/standalone/data/state.ts';
import {
  type ManifestObject,
  type ObjectId,
  objectId,
} from '../../../src/standalone/manifests/manifest-object.ts';
import { identify } from '../../../src/standalone/reconcile/identify.ts';

function bot(name: string, reply: string): ManifestObject {
  const checked = parseManifest({
    apiVersion: 'tenantbot.dev/v1alpha1',
    kind: 'TenantBot',
    metadata: { name },
    spec: {
      tokenSecretRef: { name },
      handlers: [{ command: { name: 'start', reply: { text: reply } } }],
    },
  });
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return { ...checked.value, place: { file: `${name}.yaml` } };
}

describe('identify', () => {
  let count = 0;
  function next(
    before: ReadonlyMap<ObjectId, Identity>,
    objects: readonly ManifestObject[],
    broken: readonly string[] = [],
  ): Map<ObjectId, Identity> {
    return identify({
      before,
      objects: new Map(objects.map((object) => [objectId(object), object])),
      broken: new Set(broken),
      now: '2026-01-01T00:00:00Z',
      newUid: () => `uid-${++count}`,
    });
  }
  const id: ObjectId = 'TenantBot/default/one';

  test('the uid stays and the generation grows with the spec alone', () => {
    const first = next(new Map(), [bot('one', 'a')]);
    const same = next(first, [bot('one', 'a')]);
    const changed = next(same, [bot('one', 'b')]);
    expect(first.get(id)?.generation).toBe(1);
    expect(same).toEqual(first);
    expect(changed.get(id)).toMatchObject({ uid: first.get(id)?.uid, generation: 2 });
  });

  test('who comes back after having been away is somebody else', () => {
    const first = next(new Map(), [bot('one', 'a')]);
    const back = next(next(first, []), [bot('one', 'a')]);
    expect(back.get(id)?.uid).not.toBe(first.get(id)?.uid);
    expect(back.get(id)?.generation).toBe(1);
  });

  test('whom a broken file may hide is remembered', () => {
    const first = next(new Map(), [bot('one', 'a')]);
    const hidden = next(first, [], ['one.yaml']);
    expect(next(hidden, [bot('one', 'a')])).toEqual(first);
  });
});
