import { badRequest } from './api-error.ts';
import type { TgEntity } from './telegram-types.ts';
import { inOrder } from './text.ts';

/** Marks that open and close an entity, longest first. */
const MARKS_V2: readonly (readonly [string, string])[] = [
  ['```', 'pre'],
  ['__', 'underline'],
  ['||', 'spoiler'],
  ['`', 'code'],
  ['*', 'bold'],
  ['_', 'italic'],
  ['~', 'strikethrough'],
];
const MARKS_V1: readonly (readonly [string, string])[] = [
  ['```', 'pre'],
  ['`', 'code'],
  ['*', 'bold'],
  ['_', 'italic'],
];
const RESERVED_V2 = '_*[]()~`>#+-=|{}.!';
const ESCAPABLE_V1 = '_*`[';

const NAMES: Readonly<Record<string, string>> = {
  bold: 'Bold',
  italic: 'Italic',
  underline: 'Underline',
  strikethrough: 'Strikethrough',
  spoiler: 'Spoiler',
  code: 'Code',
  pre: 'Pre',
  link: 'Link',
};

interface Open {
  readonly mark: string;
  readonly type: string;
  readonly offset: number;
  readonly at: number;
}

/**
 * Reads Telegram's Markdown, the old one (1) or MarkdownV2 (2). Knows what bots use: marks, links,
 * code and escapes; throws where Telegram would, with its words.
 */
export function parseMarkdown(
  source: string,
  version: 1 | 2,
): { text: string; entities: TgEntity[] } {
  return new MarkdownReader(source, version).read();
}

class MarkdownReader {
  readonly #source: string;
  readonly #version: 1 | 2;
  readonly #open: Open[] = [];
  readonly #entities: TgEntity[] = [];
  #text = '';
  #at = 0;

  constructor(source: string, version: 1 | 2) {
    this.#source = source;
    this.#version = version;
  }

  read(): { text: string; entities: TgEntity[] } {
    while (this.#at < this.#source.length) this.#step();
    const unclosed = this.#open.at(-1);
    if (unclosed) {
      const name = this.#version === 1 ? 'the' : (NAMES[unclosed.type] ?? unclosed.type);
      throw this.#failure(
        `Can't find end of ${name} entity at byte offset ${this.#byte(unclosed.at)}`,
      );
    }
    return { text: this.#text, entities: inOrder(this.#entities) };
  }

  #step(): void {
    const rest = this.#source.slice(this.#at, this.#at + 3);
    const [char, next] = [rest.charAt(0), rest.charAt(1)];
    if (char === '\\' && this.#escapable(next)) this.#copy(next, 2);
    else if (this.#inCode() && !rest.startsWith(this.#open.at(-1)?.mark ?? '')) this.#copy(char, 1);
    else if (!this.#mark(rest) && !this.#link(char)) this.#plain(char);
  }

  #mark(rest: string): boolean {
    const marks = this.#version === 2 ? MARKS_V2 : MARKS_V1;
    const mark = marks.find(([text]) => rest.startsWith(text));
    if (mark) this.#toggle(mark[0], mark[1]);
    return mark !== undefined;
  }

  #link(char: string): boolean {
    if (char === '[') this.#openLink();
    else if (char === ']' && this.#open.at(-1)?.type === 'link') this.#closeLink();
    else return false;
    return true;
  }

  #plain(char: string): void {
    if (this.#version === 2 && RESERVED_V2.includes(char) && !this.#startsQuote(char)) {
      throw this.#failure(
        `Character '${char}' is reserved and must be escaped with the preceding '\\'`,
      );
    }
    this.#copy(char, 1);
  }

  #escapable(char: string): boolean {
    if (char === '') return false;
    if (this.#version === 1) return ESCAPABLE_V1.includes(char);
    return char.charCodeAt(0) > 0 && char.charCodeAt(0) <= 126;
  }

  #inCode(): boolean {
    const type = this.#open.at(-1)?.type;
    return type === 'code' || type === 'pre';
  }

  /** A `>` at the start of a line marks a quotation, which is left as it is. */
  #startsQuote(char: string): boolean {
    return char === '>' && (this.#text === '' || this.#text.endsWith('\n'));
  }

  #copy(text: string, consumed: number): void {
    this.#text += text;
    this.#at += consumed;
  }

  #toggle(mark: string, type: string): void {
    const last = this.#open.at(-1);
    if (last?.mark === mark) {
      this.#open.pop();
      this.#add({ type, offset: last.offset, length: this.#text.length - last.offset });
    } else {
      this.#open.push({ mark, type, offset: this.#text.length, at: this.#at });
    }
    this.#at += mark.length;
  }

  #openLink(): void {
    this.#open.push({ mark: '[', type: 'link', offset: this.#text.length, at: this.#at });
    this.#at++;
  }

  #closeLink(): void {
    const open = this.#open.pop();
    const target = /^\]\(((?:\\.|[^)\\])*)\)/su.exec(this.#source.slice(this.#at));
    this.#at += target?.[0].length ?? 1;
    const url = target?.[1]?.replace(/\\(.)/gsu, '$1');
    if (open && url) {
      this.#add({
        type: 'text_link',
        offset: open.offset,
        length: this.#text.length - open.offset,
        url,
      });
    }
  }

  #add(entity: TgEntity): void {
    if (entity.length > 0) this.#entities.push(entity);
  }

  #byte(at: number): number {
    return Buffer.byteLength(this.#source.slice(0, at));
  }

  #failure(text: string): Error {
    return badRequest(`can't parse entities: ${text}`);
  }
}
