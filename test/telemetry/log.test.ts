import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import { botLog, createLog, LOG_FORMATS, type LogFormat } from '../../src/telemetry/log.ts';

const CANARY = '4242424242:CANARY-canary_CANARY-canary_CANARY0';

function captured(format: LogFormat) {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    format,
    destination: { write: (line) => lines.push(line) },
  });
  return { log, lines };
}

describe.each(LOG_FORMATS)('the %s log', (format) => {
  it('never shows a token, whatever carries it', () => {
    const { log, lines } = captured(format);
    const url = `https://api.telegram.org/bot${CANARY}/getMe`;
    const wrapped = new Error('outer', { cause: new Error(`GET ${url} failed`) });
    const paths: (() => void)[] = [
      () => log.info(`text with ${CANARY}`),
      () => log.info({ token: new Secret(CANARY) }, 'wrapped'),
      () => log.info({ token: CANARY }, 'plain field'),
      () => log.info({ deep: { list: [{ url }] } }, 'nested'),
      () => log.error(new Error(`GET ${url} failed`)),
      () => log.error({ err: wrapped }, 'with a cause'),
      () => log.error({ err: new AggregateError([wrapped], 'many') }, 'aggregate'),
      () => log.info({ [CANARY]: 1 }, 'as a key'),
      () => log.child({ token: CANARY }).info('bound to a child'),
      () => log.info('format %s', CANARY),
    ];
    for (const path of paths) path();
    expect(lines).toHaveLength(paths.length);
    expect(lines.join('')).not.toContain('CANARY');
    expect(lines.every((line) => line.includes('[secret]'))).toBe(true);
  });

  it('gives each bot a level of its own', () => {
    const { log, lines } = captured(format);
    botLog(log, 'shop/talkative', 'debug').debug('heard');
    botLog(log, 'shop/quiet', 'error').warn('not heard');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('shop/talkative');
  });
});
