import { existsSync } from 'node:fs';

/** Where systems keep it. */
export const CHROMIUMS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
] as const;

/** The system's Chromium; undefined where it has none. */
export function findChromium(): string | undefined {
  return CHROMIUMS.find((path) => existsSync(path));
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The program. */
    chromium: string;
  }
}
