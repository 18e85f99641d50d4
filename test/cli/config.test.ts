import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/cli/config.ts';
import { flagName, STANDALONE_SETTINGS, variableName } from '../../src/cli/settings.ts';
import { makeFolder } from '../standalone/support.ts';

const read = (flags: object = {}, environment: Record<string, string> = {}) =>
  readConfig(STANDALONE_SETTINGS, { flags: { ...flags }, environment });

async function configFile(text: string): Promise<string> {
  const path = join(await makeFolder(), 'config.yaml');
  await writeFile(path, text);
  return path;
}

describe('readConfig', () => {
  test('has a default for all that must be', () => {
    expect(read()).toEqual({
      data: '.tenantbot',
      apiRoot: 'emulator',
      port: 0,
      adminPort: 0,
      shards: 1,
      botMetrics: 100,
      traceRatio: 0.1,
      history: true,
      logLevel: 'info',
      logFormat: 'text',
    });
  });

  test('flags win over the environment, that over the file, that over defaults', async () => {
    const config = await configFile('port: 1\nlogLevel: error\ndata: kept\n');
    const environment = { TENANTBOT_PORT: '2', TENANTBOT_LOG_LEVEL: 'warn', TENANTBOT_DATA: '' };
    expect(read({ config, port: '3' }, environment)).toMatchObject({ port: 3, logLevel: 'warn' });
    expect(read({ config }, environment)).toMatchObject({
      port: 2,
      data: join(config, '../kept'),
    });
    expect(read({}, { TENANTBOT_CONFIG: config })).toMatchObject({ port: 1, logLevel: 'error' });
  });

  test('takes lists from each source', async () => {
    const config = await configFile('manifests: [a, /b]\n');
    expect(read({ config }).manifests).toEqual([join(config, '../a'), '/b']);
    expect(read({}, { TENANTBOT_MANIFESTS: 'a,b' }).manifests).toEqual(['a', 'b']);
    expect(read({ manifests: ['c'] }).manifests).toEqual(['c']);
  });

  test.each([
    ['port: 70000', 'line 1, port: must be a whole number from 0 to 65535'],
    ['\n\nport: null', 'line 3, port: must be a whole number'],
    ['logLevel: loud', 'line 1, logLevel: must be one of debug, info, warn, error'],
    ['apiRoot: ftp://x', 'line 1, apiRoot: must be "emulator", "fleet", or an http'],
    ['data: []', 'line 1, data:'],
    ['prot: 1', 'line 1, prot: is not a known setting; did you mean port?'],
    ['port: [', 'line 1'],
    ['port: 1\n---\nport: 2', 'line 2: a second document begins here; write one'],
    ['just text', 'must hold settings'],
  ])('names file, line and place of %j, and what is allowed', async (text, words) => {
    const config = await configFile(text);
    expect(() => read({ config })).toThrow(words);
    expect(() => read({ config })).toThrow(config);
  });

  test('names every bad value and where it came from', () => {
    expect(() => read({ logFormat: 'xml' }, { TENANTBOT_PORT: '-1' })).toThrow(
      'environment variable TENANTBOT_PORT: must be a whole number from 0 to 65535\n' +
        'flag --log-format: must be one of text, json',
    );
  });

  test.each(['0', '-1', '1.5', 'x', '65', '1000000'])('takes no %s shards', (shards) => {
    const words = 'flag --shards: must be a whole number from 1 to 64';
    expect(() => read({ shards })).toThrow(words);
  });

  test('says that a config file is not there', () => {
    expect(() => read({ config: '/nowhere.yaml' })).toThrow(/nowhere.yaml.*no such file/);
  });

  test('the sample says every setting, and its defaults are the defaults', async () => {
    const { readFile } = await import('node:fs/promises');
    const path = fileURLToPath(new URL('../../config/standalone.yaml', import.meta.url));
    const sample = await readFile(path, 'utf8');
    for (const name of Object.keys(STANDALONE_SETTINGS.schema.shape))
      expect(sample).toMatch(new RegExp(`^(# )?${name}:`, 'm'));
    const folder = await makeFolder();
    await mkdir(join(folder, 'config'));
    const config = join(folder, 'config', 'standalone.yaml');
    await writeFile(config, sample);
    expect(read({ config })).toEqual({
      ...read(),
      manifests: [join(folder, 'config/samples')],
      data: join(folder, '.tenantbot'),
    });
  });
});

test('a setting has one name a source', () => {
  expect(flagName('emulatorControl')).toBe('--emulator-control');
  expect(variableName('emulatorControl')).toBe('TENANTBOT_EMULATOR_CONTROL');
});
