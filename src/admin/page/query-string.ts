/** What is put into a URL; what is undefined or empty is left out. */
export type Params = Readonly<Record<string, string | number | boolean | undefined>>;

/** `path` with `params` behind it. */
export function withParams(path: string, params: Params): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** The path of one bot, below `base`. */
export function botPath(
  base: '/v1/bots' | '/bots',
  { namespace, name }: { readonly namespace: string; readonly name: string },
): string {
  return `${base}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

/** Which bots are meant: all of them where nothing is said. */
export interface SomeBots {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}
