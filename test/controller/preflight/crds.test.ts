import { describe, expect, it } from 'vitest';
import { customResourceDefinition, RESOURCES } from '../../../src/api/crd/definitions.ts';
import { firstGap } from '../../../src/controller/preflight/crds.ts';

type Definition = Parameters<typeof firstGap>[0];

const [tenantBot] = RESOURCES;
if (!tenantBot) throw new Error('no resources');
const ours = () => structuredClone(customResourceDefinition(tenantBot)) as Definition;

/** Our CRD after `change`, with everything in it open to change. */
// oxlint-disable-next-line typescript/no-explicit-any
function changed(change: (version: any, versions: any[]) => void): Definition {
  // oxlint-disable-next-line typescript/no-explicit-any
  const definition = ours() as any;
  change(definition.spec.versions[0], definition.spec.versions);
  return definition as Definition;
}

describe('firstGap', () => {
  it('finds none in the very same CRD', () => {
    expect(firstGap(ours(), ours())).toBeUndefined();
  });

  it('finds none in a newer one: more fields, more versions', () => {
    const newer = changed((version, versions) => {
      version.schema.openAPIV3Schema.properties.spec.properties.news = { type: 'string' };
      versions.push({ name: 'v9', served: true, storage: false });
    });
    expect(firstGap(ours(), newer)).toBeUndefined();
  });

  it('names a missing field, also inside a list', () => {
    const older = changed(({ schema }) => {
      delete schema.openAPIV3Schema.properties.spec.properties.handlers.items.properties.forward;
    });
    expect(firstGap(ours(), older)).toBe('it lacks the field spec.handlers[].forward');
  });

  it('names a version that is not served', () => {
    const other = changed((version) => {
      version.served = false;
    });
    expect(firstGap(ours(), other)).toBe('it does not serve v1alpha1');
  });

  it('names a field that selectors can not use', () => {
    const older = changed((version) => {
      version.selectableFields = [];
    });
    expect(firstGap(ours(), older)).toBe(".spec.fleet can't be selected by");
  });
});
