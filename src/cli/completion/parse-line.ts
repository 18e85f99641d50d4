import type { Command, Option } from 'commander';
import type { Flags } from '../program/actions.ts';

/** A command line up to the word that is being written. */
export interface ParsedLine {
  readonly command: Command;
  /** As commander would hand them to the command's action. */
  readonly flags: Flags;
  readonly args: readonly string[];
  /** The option whose value is being written. */
  readonly option: Option | undefined;
  /** What stands before that value in the same word: `--output=`, or `-o`. */
  readonly before: string;
  /** The part of the word, or of the value, that is there already. */
  readonly partial: string;
  /** Whether what begins with a dash is an argument: after `--`. */
  readonly onlyArgs: boolean;
}

/** Reads `words`, the last of which is being written; nothing in them has to make sense. */
export function parseLine(program: Command, words: readonly string[]): ParsedLine {
  const line = withoutSigns(words);
  const partial = line.pop() ?? '';
  const reader = new LineReader(program);
  for (const word of line) reader.take(word);
  return reader.end(partial);
}

/** Bash makes three words of `--output=json`, and of `--output=` two. */
function withoutSigns(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    if (word !== '=') return [word];
    return index === words.length - 1 ? [''] : [];
  });
}

class LineReader {
  #command: Command;
  #awaits: Option | undefined;
  #onlyArgs = false;
  readonly #flags: Record<string, unknown> = {};
  readonly #args: string[] = [];

  constructor(program: Command) {
    this.#command = program;
  }

  take(word: string): void {
    if (this.#awaits) {
      this.#flags[this.#awaits.attributeName()] = word;
      this.#awaits = undefined;
    } else if (word === '--') this.#onlyArgs = true;
    else if (word.startsWith('-') && !this.#onlyArgs) this.#takeFlag(word);
    else this.#takeArgument(word);
  }

  end(partial: string): ParsedLine {
    const { name, value } = split(partial);
    const option = this.#awaits ?? (value === undefined ? undefined : this.#find(name));
    const isInWord = !this.#awaits && option !== undefined;
    return {
      command: this.#command,
      flags: this.#flags,
      args: this.#args,
      option,
      before: isInWord ? partial.slice(0, partial.length - (value ?? '').length) : '',
      partial: isInWord ? (value ?? '') : partial,
      onlyArgs: this.#onlyArgs,
    };
  }

  #takeFlag(word: string): void {
    const { name, value } = split(word);
    const option = this.#find(name);
    if (!option) return;
    const takesValue = option.required || option.optional;
    if (!takesValue) this.#flags[option.attributeName()] = true;
    else if (value === undefined) this.#awaits = option;
    else this.#flags[option.attributeName()] = value;
  }

  #takeArgument(word: string): void {
    const next = this.#command.commands.find((command) => command.name() === word);
    if (next && this.#args.length === 0) this.#command = next;
    else this.#args.push(word);
  }

  #find(name: string): Option | undefined {
    return this.#command.options.find(({ long, short }) => name === long || name === short);
  }
}

/** `--output=json` and `-ojson` in their parts. */
function split(word: string): { readonly name: string; readonly value?: string } {
  const [, long, value] = /^(--[^=]+)=([^]*)$/.exec(word) ?? [];
  if (long !== undefined && value !== undefined) return { name: long, value };
  if (!/^-[^-]./.test(word)) return { name: word };
  return { name: word.slice(0, 2), value: word.slice(2) };
}
