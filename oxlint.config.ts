import { defineConfig } from 'oxlint';
import { bannedFor, LAYER_NAMES, type Layer } from './test/gates/layers.ts';

const CLOCK = 'Take a Clock from src/lib/clock.ts as a parameter.';
const RANDOM = 'Take a Random from src/lib/random.ts as a parameter.';
const CONFIG = 'Only src/cli/config.ts reads the environment; pass the value in.';

const timeGlobals = ['Date', 'setTimeout', 'setInterval', 'setImmediate', 'performance'];
const restrictedGlobals = timeGlobals.map((name) => ({ name, message: CLOCK }));
const restrictedModules = [
  { name: 'node:timers/promises', message: CLOCK },
  { name: 'node:timers', message: CLOCK },
  { name: 'node:perf_hooks', message: CLOCK },
];
const randomProperty = { object: 'Math', property: 'random', message: RANDOM };
const envProperty = { object: 'process', property: 'env', message: CONFIG };

/** What a file of `layer` must not import: time by itself, and the layers above it. */
function importBans(layer: Layer): ['error', object] {
  const patterns = bannedFor(layer).map((banned) => ({
    regex: `^(\\.\\./)+${banned}/`,
    message: `src/${layer} must not import src/${banned}: see test/gates/layers.ts.`,
  }));
  return ['error', { paths: restrictedModules, patterns }];
}

export default defineConfig({
  plugins: ['eslint', 'typescript', 'import', 'oxc', 'unicorn', 'vitest', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  ignorePatterns: ['dist', 'node_modules'],
  options: { typeAware: true },
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'oxc/no-barrel-file': ['error', { threshold: 0 }],
    'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
    complexity: ['error', { max: 12 }],
    'max-params': ['error', { max: 4 }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/parameter-properties': 'error',
    'typescript/consistent-type-imports': 'error',
    'vitest/no-restricted-vi-methods': [
      'error',
      { mock: 'Pass a small interface instead of mocking a module.', doMock: null, hoisted: null },
    ],
    // Loops that wait turn by turn are what an operator is made of.
    'no-await-in-loop': 'off',
    // The house words errors for people and gives causes where there are some.
    'unicorn/prefer-add-event-listener': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'vitest/require-mock-type-parameters': 'off',
    'no-underscore-dangle': 'off',
    // There is no Express here: what looks like it is Fastify, which waits for its handlers.
    'oxc/no-async-endpoint-handlers': 'off',
    'no-shadow': 'off',
    'no-control-regex': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/valid-title': 'off',
    'vitest/expect-expect': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'vitest/no-standalone-expect': 'off',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default-member': 'off',
  },
  overrides: [
    {
      files: ['src/**/*.{ts,tsx}'],
      rules: {
        'no-restricted-globals': ['error', ...restrictedGlobals],
        'no-restricted-properties': ['error', randomProperty, envProperty],
      },
    },
    ...LAYER_NAMES.map((layer) => ({
      files: [`src/${layer}/**/*.{ts,tsx}`],
      rules: { 'no-restricted-imports': importBans(layer) },
    })),
    {
      files: ['src/lib/clock.ts'],
      rules: { 'no-restricted-globals': 'off', 'no-restricted-imports': 'off' },
    },
    {
      // What `src/lib/clock.ts` is to everybody else.
      files: ['src/admin/page/browser-clock.ts'],
      rules: { 'no-restricted-globals': 'off' },
    },
    {
      files: ['src/lib/event-loop.ts'],
      rules: { 'no-restricted-imports': 'off' },
    },
    {
      files: ['src/lib/random.ts'],
      rules: { 'no-restricted-properties': ['error', envProperty] },
    },
    {
      files: ['src/cli/config.ts'],
      rules: { 'no-restricted-properties': ['error', randomProperty] },
    },
    {
      // Tests print and spread on purpose what must not be seen.
      files: ['test/**/*.ts'],
      rules: {
        'typescript/restrict-template-expressions': 'off',
        'typescript/no-misused-spread': 'off',
      },
    },
    { files: ['*.config.ts', 'test/**/*.config.ts'], rules: { 'import/no-default-export': 'off' } },
  ],
});
