/**
 * The one table of who may import whom. `oxlint.config.ts` turns it into bans, and
 * `layers.test.ts` proves that each ban bites. A layer is a folder directly below `src/`;
 * no folder further down may bear a layer's name.
 */
export const LAYERS = {
  lib: [],
  api: ['lib'],
  telemetry: ['lib'],
  control: ['api', 'lib'],
  coordinator: ['api', 'control', 'lib', 'telemetry'],
  planner: ['api', 'control', 'lib'],
  kube: ['lib', 'telemetry'],
  controller: ['admin', 'api', 'control', 'coordinator', 'kube', 'lib', 'planner', 'telemetry'],
  runtime: ['api', 'control', 'coordinator', 'lib', 'telemetry'],
  history: ['api', 'lib', 'telemetry'],
  admin: ['api', 'history', 'lib', 'telemetry'],
  emulator: ['lib'],
  standalone: [
    'admin',
    'api',
    'control',
    'coordinator',
    'emulator',
    'history',
    'lib',
    'planner',
    'runtime',
    'telemetry',
  ],
  cli: [
    'admin',
    'api',
    'control',
    'controller',
    'coordinator',
    'emulator',
    'history',
    'kube',
    'lib',
    'runtime',
    'standalone',
    'telemetry',
  ],
} as const satisfies Record<string, readonly string[]>;

/** The name of a folder directly below `src/`. */
export type Layer = keyof typeof LAYERS;

/** Every layer, in the table's order. */
export const LAYER_NAMES = Object.keys(LAYERS) as Layer[];

/** The layers that `layer` must not import. */
export function bannedFor(layer: Layer): Layer[] {
  const allowed: readonly string[] = LAYERS[layer];
  return LAYER_NAMES.filter((name) => name !== layer && !allowed.includes(name));
}
