import type { Tone } from './state.tsx';

/** A line of the log, taken apart. */
export interface LogLine {
  /** RFC 3339; undefined where the line tells none. */
  readonly time: string | undefined;
  readonly level: string;
  readonly tone: Tone;
  readonly message: string;
  /** All else that it says, as JSON. */
  readonly more: string;
}

const LEVELS: Readonly<Record<number, readonly [string, Tone]>> = {
  10: ['trace', 'idle'],
  20: ['debug', 'idle'],
  30: ['info', 'info'],
  40: ['warn', 'warn'],
  50: ['error', 'bad'],
  60: ['fatal', 'bad'],
};

/** Takes a line of pino's apart. One that is no JSON is a message as it stands. */
export function readLogLine(text: string): LogLine {
  const line = parse(text);
  if (!line) return { time: undefined, level: '', tone: 'idle', message: text, more: '' };
  const { time, level, msg, bot: _bot, uid: _uid, pid: _pid, hostname: _host, ...more } = line;
  const [name, tone] = LEVELS[Number(level)] ?? [textOf(level), 'idle'];
  return {
    time: typeof time === 'string' ? time : undefined,
    level: name,
    tone,
    message: textOf(msg),
    more: Object.keys(more).length === 0 ? '' : JSON.stringify(more),
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
