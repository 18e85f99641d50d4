import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { didYouMean } from '../api/explain.ts';
import { errorCode, inputError } from '../lib/errors.ts';
import { flagName, variableName } from './settings.ts';

/** The settings of one command: each is a flag, an environment variable and a line of a file. */
export interface SettingsDefinition<Schema extends z.ZodObject> {
  readonly schema: Schema;
  /** Settings whose relative paths count from the file that they stand in. */
  readonly paths: ReadonlySet<string>;
}

/** Where settings may come from. */
export interface ConfigSources {
  /** What was given as flags, by setting; `config` names the config file. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** One value and who gave it. */
interface Given {
  readonly value: unknown;
  /** For people: `flag --port`, `environment variable TENANTBOT_PORT`, `my.yaml line 3`. */
  readonly source: string;
}

/** The environment of this process, for {@link readConfig}. The only place that reads it. */
export function processEnvironment(): ConfigSources['environment'] {
  return process.env;
}

/**
 * The settings in effect: flags before the environment, that before the config file, that before
 * defaults. Throws an input error that names every bad value's source and what is allowed.
 */
export function readConfig<Schema extends z.ZodObject>(
  definition: SettingsDefinition<Schema>,
  { flags, environment }: ConfigSources,
): z.output<Schema> {
  const { schema } = definition;
  const file = flags['config'] ?? environment[variableName('config')];
  const fromFile =
    typeof file === 'string' ? readConfigFile(file, definition) : new Map<string, Given>();
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries<z.ZodType>(schema.shape)) {
    const given = fromFlag(flags, name) ?? fromVariable(environment, name) ?? fromFile.get(name);
    if (!given) {
      if (!setting.safeParse(undefined).success) problems.push(missing(name, setting));
      continue;
    }
    const checked = setting.safeParse(given.value);
    if (checked.success) values[name] = given.value;
    else problems.push(`${given.source}: ${checked.error.issues[0]?.message ?? 'is not allowed'}`);
  }
  if (problems.length > 0) throw inputError('CONFIG_INVALID', problems.join('\n'));
  return schema.parse(values);
}

function missing(name: string, { description = '' }: z.ZodType): string {
  return `${flagName(name)} (or ${variableName(name)}) must be given: ${description}`;
}

function fromFlag(flags: ConfigSources['flags'], name: string): Given | undefined {
  const value = flags[name];
  return value === undefined ? undefined : { value, source: `flag ${flagName(name)}` };
}

function fromVariable(environment: ConfigSources['environment'], name: string): Given | undefined {
  const variable = variableName(name);
  const value = environment[variable];
  // An empty variable is how shells and compose files leave one out.
  if (value === undefined || value === '') return undefined;
  return { value, source: `environment variable ${variable}` };
}

function readConfigFile(
  path: string,
  { schema, paths }: SettingsDefinition<z.ZodObject>,
): Map<string, Given> {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${path} line ${lines.linePos(offset).line}`;
  const [error] = document.errors;
  if (error) {
    const isSecond = error.code === 'MULTIPLE_DOCS';
    const words = isSecond ? 'a second document begins here; write one' : error.message;
    throw inputError('CONFIG_NOT_YAML', `${at(error.pos[0])}: ${words}`);
  }
  const given = new Map<string, Given>();
  if (document.contents === null) return given;
  if (!isMap(document.contents)) {
    throw inputError('CONFIG_NOT_A_MAP', `${path}: must hold settings, each as "name: value"`);
  }
  const values = document.toJS() as Record<string, unknown>;
  for (const { key } of document.contents.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    const source = `${at(key.range?.[0] ?? 0)}, ${name}`;
    if (!Object.hasOwn(schema.shape, name)) {
      const hint = didYouMean(name, Object.keys(schema.shape));
      throw inputError('CONFIG_UNKNOWN', `${source}: is not a known setting${hint}`);
    }
    const value = paths.has(name) ? fromHere(values[name], path) : values[name];
    given.set(name, { value, source });
  }
  return given;
}

function fromHere(value: unknown, file: string): unknown {
  const absolute = (path: unknown): unknown =>
    typeof path === 'string' && path !== '' ? resolve(dirname(file), path) : path;
  return Array.isArray(value) ? value.map(absolute) : absolute(value);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = errorCode(error) === 'ENOENT' ? 'there is no such file' : errorCode(error);
    throw inputError('CONFIG_UNREADABLE', `the config file ${path} can't be read: ${why}`, error);
  }
}
