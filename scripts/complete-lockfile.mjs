/**
 * Completes package-lock.json after `npm install`: npm leaves out optional packages for platforms
 * that the registry at hand does not carry (a partial mirror), and `npm ci` then refuses the
 * lockfile, here and everywhere else. Each is added with the version that its parent pins and the
 * platform that its name tells. Run it after every change of the dependencies.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

/** `@scope/binding-linux-x64-musl` → `{ os: ['linux'], cpu: ['x64'], libc: ['musl'] }` */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  if (os.length === 0 && cpu.length === 0)
    throw new Error(`${name} names no platform; add it by hand`);
  const musl = words.some((word) => word.startsWith('musl'));
  const glibc = os[0] === 'linux' && words.some((word) => word.startsWith('gnu'));
  return {
    ...(os.length > 0 && { os }),
    ...(cpu.length > 0 && { cpu }),
    ...((musl || glibc) && { libc: [musl ? 'musl' : 'glibc'] }),
  };
}

let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place]) continue;
    if (!/^\d/.test(version)) throw new Error(`${name}@${version} is not pinned; add it by hand`);
    const dev = parent.dev ? { dev: true } : {};
    lock.packages[place] = { version, ...dev, optional: true, ...platformOf(name) };
    added++;
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} optional packages added`);
