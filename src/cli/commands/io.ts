/** Where a command writes; a line each. */
export interface Io {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** `text` as whoever looks on sees it best: what is wrong stands out on a terminal. */
  readonly paint?: (text: string) => string;
}
