import { expect, test } from 'vitest';
import { makeFolder } from '../standalone/support.ts';
import { startScript } from '../support/program.ts';
import { TENANTBOT, tenantbot } from '../support/tenantbot.ts';

/** Has something go wrong at SIGUSR2, in the program's process but in no bot's work. */
const onSignal = (mishap: string): string =>
  `data:text/javascript,process.on('SIGUSR2', () => { ${encodeURIComponent(mishap)} })`;

test.each([
  { how: 'an exception', mishap: "throw new Error('nobody caught this')" },
  { how: 'a rejection', mishap: "Promise.reject(new Error('nobody caught this'))" },
])('$how of no bot ends standalone with words and a code', async ({ mishap }) => {
  const folder = await makeFolder();
  await using program = await startScript(TENANTBOT, {
    nodeFlags: ['--import', onSignal(mishap)],
    args: ['standalone'],
    cwd: folder,
    until: /^ready/m,
  });
  expect(await program.stop('SIGUSR2')).toEqual({ code: 1, signal: null });
  expect(program.output).toContain('no bot owns it: nobody caught this');
  // What it left behind is in nobody's way.
  await using next = await startScript(TENANTBOT, {
    args: ['standalone'],
    cwd: folder,
    until: /^ready/m,
  });
  expect((await tenantbot(folder, 'send', 'greeter', '/start')).out).toContain('Hello');
  expect(await next.stop('SIGINT')).toEqual({ code: 0, signal: null });
});
