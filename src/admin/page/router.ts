import { computed, signal } from '@preact/signals';
import { type Params, withParams } from './query-string.ts';

/** Where the page is; views have URLs that can be kept and sent. */
const here = signal(new URL(location.href));
addEventListener('popstate', () => {
  here.value = new URL(location.href);
});

/** The path's parts, decoded. A part that is no valid text is as it stands. */
export const segments = computed(() =>
  here.value.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decode),
);

/** What is asked for behind the `?`. */
export const search = computed(() => here.value.searchParams);

/** Shows another view. Its heading gets the focus, so that screen readers tell where one is. */
export function navigate(path: string): void {
  history.pushState(null, '', path);
  here.value = new URL(location.href);
  scrollTo(0, 0);
}

/** Changes what is behind the `?` of this view, without a step in the browser's history. */
export function setSearch(changes: Params): void {
  const all: Record<string, string | number | boolean | undefined> = {
    ...Object.fromEntries(search.value),
    ...changes,
  };
  history.replaceState(null, '', withParams(here.value.pathname, all));
  here.value = new URL(location.href);
}

/** Follows links of this page without loading it anew. */
export function followLinks(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || !isPlain(event) || !isFollowed(link)) return;
  event.preventDefault();
  navigate(link.pathname + link.search + link.hash);
}

/** Whether no other tab or window is asked for. */
function isPlain({ button, ctrlKey, metaKey, shiftKey }: MouseEvent): boolean {
  return button === 0 && !(ctrlKey || metaKey || shiftKey);
}

function isFollowed(link: HTMLAnchorElement): boolean {
  if (link.target !== '' || link.hasAttribute('download')) return false;
  // The browser knows the way to a place on this very view.
  const isHere = link.hash !== '' && link.pathname === location.pathname;
  return link.origin === location.origin && !isHere && isOfThePage(link.pathname);
}

function isOfThePage(path: string): boolean {
  return !/^\/(v1|docs|assets|openapi\.json)(\/|$)/.test(path);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
