import { relative, sep } from 'node:path';

/** A place in a manifest, for people. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Something in a manifest that its author must mend. */
export interface ManifestProblem extends Place {
  /** The object that it hides, as far as that can be told: `Secret/default/shop`. */
  readonly object?: string | undefined;
  readonly message: string;
}

/** `file:line:column`, which editors and terminals turn into a link. */
export function formatPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** `problem` in one line: where, then what. */
export function problemLine(problem: ManifestProblem): string {
  return `${formatPlace(problem)}: ${problem.message}`;
}

/** `path` as a person in `folder` would write it: relative where it lies inside. */
export function displayPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short === '' || short === '..' || short.startsWith(`..${sep}`) ? path : short;
}
