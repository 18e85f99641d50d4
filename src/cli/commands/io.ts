/** Where a command writes; a line each. */
export interface Io {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}
