import { useEffect, useState } from 'preact/hooks';
import { after } from './browser-clock.ts';
import { asProblem, type Problem, request } from './http.ts';

/** An answer that is kept up to date. */
export interface Query<Answer> {
  /** The newest answer; stays while the next one is on its way. */
  readonly data: Answer | undefined;
  /** Why the last request failed. */
  readonly problem: Problem | undefined;
  /** Whether the very first answer is still awaited. */
  readonly isLoading: boolean;
  /** Asks anew, at once. */
  readonly reload: () => void;
}

/**
 * Asks for `path`, and again every `everyMs` while the page is seen. Nothing is asked where it is
 * undefined. An answer to an earlier path is never shown for a later one.
 */
export function useQuery<Answer>(path: string | undefined, everyMs?: number): Query<Answer> {
  const [state, setState] = useState<State<Answer>>({ path: undefined });
  const [turn, setTurn] = useState(0);
  const isCurrent = state.path === path;

  useEffect(() => {
    if (path === undefined) return undefined;
    const gone = new AbortController();
    let cancel: (() => void) | undefined;
    const ask = async (): Promise<void> => {
      try {
        const data = await request<Answer>(path, { signal: gone.signal });
        setState({ path, data });
      } catch (error) {
        if (gone.signal.aborted) return;
        setState((last) => ({
          path,
          problem: asProblem(error),
          ...(last.path === path && last.data !== undefined && { data: last.data }),
        }));
      }
      if (everyMs !== undefined && !gone.signal.aborted) cancel = after(everyMs, askWhileSeen);
    };
    const askWhileSeen = (): void => {
      if (document.visibilityState === 'visible') void ask();
      else
        document.addEventListener('visibilitychange', () => void ask(), {
          once: true,
          signal: gone.signal,
        });
    };
    void ask();
    return () => {
      gone.abort();
      cancel?.();
    };
  }, [path, everyMs, turn]);

  return {
    data: isCurrent ? state.data : undefined,
    problem: isCurrent ? state.problem : undefined,
    isLoading: path !== undefined && !(isCurrent && (state.data !== undefined || state.problem)),
    reload: () => setTurn((turn) => turn + 1),
  };
}

interface State<Answer> {
  readonly path: string | undefined;
  readonly data?: Answer;
  readonly problem?: Problem;
}
