import type { ComponentChildren } from 'preact';
import type { Problem } from '../http.ts';
import type { Query } from '../use-query.ts';

/** That something failed, how, and under which name it can be looked up. */
export function Failure({
  problem,
  retry,
}: {
  readonly problem: Problem;
  readonly retry?: () => void;
}) {
  return (
    <div class="notice bad" role="alert">
      <p>
        {problem.message} <code>{problem.code}</code>
      </p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** That there is nothing: what, why, and what to do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children && <div>{children}</div>}
    </div>
  );
}

/** What an answer shows as, or why there is none (yet). Older data stays in sight below a failure. */
export function Answered<Answer>({
  query,
  children,
}: {
  readonly query: Query<Answer>;
  readonly children: (data: Answer) => ComponentChildren;
}) {
  const { data, problem, isLoading, reload } = query;
  return (
    <>
      {problem && <Failure problem={problem} retry={reload} />}
      {isLoading && (
        <p class="loading" role="status">
          Loading …
        </p>
      )}
      {data !== undefined && children(data)}
    </>
  );
}
