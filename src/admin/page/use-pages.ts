import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem, request } from './http.ts';
import { type Params, withParams } from './query-string.ts';

const PAGE = 500;
/** What the server gives at once at most. */
const MOST = 1_000;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
  readonly total?: number | undefined;
}

/** A list that is fetched page by page, as far as somebody looks. */
export interface Pages<Item> {
  readonly items: readonly Item[];
  /** Of all pages, where the server counts. */
  readonly total: number | undefined;
  readonly isLoading: boolean;
  readonly isComplete: boolean;
  readonly problem: Problem | undefined;
  /** Fetches the next page, unless it is under way. */
  readonly more: () => void;
  /** Fetches what is here anew. What is seen stays until it has come. */
  readonly reload: () => void;
  /** Changes what is here without asking. */
  readonly edit: (change: (items: readonly Item[]) => readonly Item[]) => void;
}

/** Items of a list, beginning with its first page. */
export function usePages<Item>(path: string, params: Params): Pages<Item> {
  const base = withParams(path, params);
  const [state, setState] = useState<State<Item>>(nothing(base));
  const underWay = useRef<AbortController>(undefined);
  const newest = useRef(state);
  newest.current = state;

  const fetchPage = useCallback(
    async (ask: Params, isAnew: boolean): Promise<void> => {
      underWay.current?.abort();
      const controller = new AbortController();
      underWay.current = controller;
      const { signal } = controller;
      try {
        const page = await request<Page<Item>>(withParams(path, { ...params, ...ask }), { signal });
        setState((last) => {
          const before = isAnew ? [] : last.items;
          const items = [...before, ...page.items];
          const total = page.total ?? (isAnew ? undefined : last.total);
          return { base, items, next: page.next, total, isLoading: false };
        });
      } catch (error) {
        if (signal.aborted) return;
        setState((last) => ({ ...last, base, isLoading: false, problem: asProblem(error) }));
      }
      if (underWay.current === controller) underWay.current = undefined;
      // `params` is as it stands in `base`.
    },
    [base],
  );

  useEffect(() => {
    setState((last) => ({ ...last, isLoading: true }));
    void fetchPage({ limit: PAGE }, true);
    return () => underWay.current?.abort();
  }, [base]);

  const more = useCallback(() => {
    const { next, problem } = newest.current;
    if (next === undefined || problem || underWay.current) return;
    void fetchPage({ limit: PAGE, after: next }, false);
  }, [fetchPage]);

  const reload = useCallback(() => {
    const limit = Math.min(Math.max(newest.current.items.length, PAGE), MOST);
    void fetchPage({ limit }, true);
  }, [fetchPage]);

  const edit = useCallback((change: (items: readonly Item[]) => readonly Item[]) => {
    setState((last) => ({ ...last, items: change(last.items) }));
  }, []);

  const { items, total, next, isLoading, problem } = state;
  const isComplete = next === undefined && !isLoading;
  return { items, total, isLoading, isComplete, problem, more, reload, edit };
}

interface State<Item> {
  readonly base: string;
  readonly items: readonly Item[];
  readonly next?: string | undefined;
  readonly total?: number | undefined;
  readonly isLoading: boolean;
  readonly problem?: Problem;
}

function nothing<Item>(base: string): State<Item> {
  return { base, items: [], isLoading: true };
}
