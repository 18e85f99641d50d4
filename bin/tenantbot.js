#!/usr/bin/env node
/**
 * The command `tenantbot`. Runs the built program where there is one (the image), else the
 * sources directly (a checkout), which needs Node 24 or newer.
 */
import { existsSync } from 'node:fs';

const major = Number(process.versions.node.split('.')[0]);
const source = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);

if (major < 24) {
  console.error(
    `tenantbot needs Node 24 or newer, this is ${process.version}. ` +
      'In a checkout, `npm start` installs a Node of its own and `npx tenantbot` uses it.',
  );
  process.exit(1);
}
await import(existsSync(source) ? source.href : built.href);
