import { describe, expect, it } from 'vitest';
import { AdjustableClock } from '../../src/lib/adjustable-clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { botLog, createLog, LOG_FORMATS, type LogFormat } from '../../src/telemetry/log.ts';

const CANARY = '4242424242:CANARY-canary_CANARY-canary_CANARY0';

function captured(format: LogFormat) {
  const clock = new AdjustableClock();
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    format,
    destination: { write: (line) => lines.push(line) },
    clock,
  });
  return { log, lines, clock };
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

  it('cuts a bot short that has too much to say, and nobody else, and says so', () => {
    const { log, lines, clock } = captured(format);
    const toxic = botLog(log, 'shop/toxic', 'info');
    for (let count = 0; count < 150; count++) toxic.error({ count }, 'gave up');
    log.info('of nobody: "bot":"shop/toxic"');
    botLog(log, 'shop/other', 'info').info('of another');
    expect(lines).toHaveLength(100 + 2);
    clock.advance(10_000);
    toxic.info('again');
    expect(lines).toHaveLength(100 + 2 + 2);
    expect(lines.at(-2)).toContain('50 lines of this bot were left out');
    expect(lines.at(-2)).toContain('shop/toxic');
    expect(lines.at(-1)).toContain('again');
  });

  it('writes a sample of an error that many bots have, and says how many there were', () => {
    const { log, lines, clock } = captured(format);
    for (let bot = 0; bot < 50; bot++) {
      botLog(log, `shop/bot-${bot}`, 'info').error({ fingerprint: 'aaaa' }, 'gave up');
    }
    log.error({ fingerprint: 'bbbb' }, 'another error');
    expect(lines).toHaveLength(20 + 1);
    clock.advance(60_000);
    log.info('later');
    expect(lines).toHaveLength(20 + 1 + 2);
    expect(lines.at(-2)).toContain('30 lines with this error were left out');
    expect(lines.at(-2)).toContain('aaaa');
  });

  it('is JSON in a file, and without secrets there, too', () => {
    const written: string[] = [];
    const file = { write: (line: string) => written.push(line) };
    const log = createLog({ level: 'info', format, destination: { write() {} }, file });
    log.info({ updateId: 7 }, `token ${CANARY}`);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ updateId: 7, msg: 'token [secret]' });
  });

  it('gives each bot a level of its own', () => {
    const { log, lines } = captured(format);
    botLog(log, 'shop/talkative', 'debug').debug('heard');
    botLog(log, 'shop/quiet', 'error').warn('not heard');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('shop/talkative');
  });
});
