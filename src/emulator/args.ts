/** What a request carries, whatever form it came in. Names are as the caller wrote them. */
export interface RawArgs {
  readonly values: ReadonlyMap<string, unknown>;
  /** Names of uploaded files, with their sizes in bytes and their file names. */
  readonly files: ReadonlyMap<string, UploadedFile>;
}

/** A file part. Its content is kept only where it is needed (a webhook's certificate). */
export interface UploadedFile {
  readonly name: string;
  readonly bytes: number;
  readonly head: Buffer;
}

/** A number and what it is held between. */
export interface IntegerBounds {
  readonly fallback: number;
  readonly min?: number;
  readonly max?: number;
}

const INT32_MAX = 2 ** 31 - 1;

/**
 * The arguments of one call, read as the real server reads them: everything is text first, a
 * number is its leading digits, and a structure is JSON, in a JSON body as well as in a form.
 */
export class Args {
  readonly #raw: RawArgs;

  constructor(raw: RawArgs) {
    this.#raw = raw;
  }

  has(name: string): boolean {
    return this.#raw.values.has(name);
  }

  /** The argument as text, `''` where it is missing. */
  text(name: string): string {
    const value = this.#raw.values.get(name);
    if (value === undefined || value === null) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  integer(name: string, { fallback, min = -INT32_MAX, max = INT32_MAX }: IntegerBounds): number {
    const text = this.text(name);
    return Math.min(Math.max(text === '' ? fallback : leadingInteger(text), min), max);
  }

  bool(name: string): boolean {
    return ['true', 'yes', '1'].includes(this.text(name).trim().toLowerCase());
  }

  /** A structured argument; undefined where it is missing or empty. Throws on broken JSON. */
  json(name: string): unknown {
    const value = this.#raw.values.get(name);
    if (value === undefined || value === null || value === '') return undefined;
    return typeof value === 'string' ? (JSON.parse(value) as unknown) : value;
  }

  /** An uploaded file, also where the argument points to it with `attach://name`. */
  file(name: string): UploadedFile | undefined {
    const text = this.text(name);
    const part = text.startsWith('attach://') ? text.slice('attach://'.length) : name;
    return this.#raw.files.get(part);
  }
}

/** The number at the start of `text`, 0 where there is none. */
export function leadingInteger(text: string): number {
  return Number(/^\s*-?\d+/.exec(text)?.[0] ?? 0);
}
