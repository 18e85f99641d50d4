import { useState } from 'preact/hooks';
import type { JobView } from '../../views/action.ts';
import { request } from '../http.ts';
import { type Action, ActionButton } from '../parts/confirm.tsx';
import { Failure } from '../parts/notice.tsx';
import { useQuery } from '../use-query.ts';

/** What can be done with all bots at once, and how far that is. */
export function BulkActions({ namespace }: { readonly namespace: string | undefined }) {
  const [job, setJob] = useState<string>();
  const start = (path: string) => async () => {
    const { id } = await request<{ readonly id: string }>(path, {
      method: 'POST',
      body: namespace === undefined ? {} : { namespace },
    });
    setJob(id);
    return undefined;
  };
  const which =
    namespace === undefined ? 'all bots that you may change' : `the bots of ${namespace}`;
  const actions: Action[] = [
    {
      label: 'Check all tokens',
      consequence: `Telegram is asked about the tokens of ${which}, a few at a time.`,
      run: start('/v1/tokens/check-all'),
    },
    {
      label: 'Reset all breakers',
      consequence: `Calls of ${which} are made again at once. Where Telegram is still away, breakers open again.`,
      run: start('/v1/breakers/reset'),
    },
  ];
  return (
    <div class="actions">
      {job !== undefined && <Progress key={job} id={job} />}
      {actions.map((action) => (
        <ActionButton key={action.label} action={action} onDone={() => undefined} />
      ))}
    </div>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  checkToken: 'Tokens',
  resetBreaker: 'Breakers',
};

function Progress({ id }: { readonly id: string }) {
  const [isDone, setDone] = useState(false);
  const { data, problem } = useQuery<JobView>(`/v1/jobs/${id}`, isDone ? undefined : 1_000);
  if (problem) return <Failure problem={problem} />;
  if (!data) return null;
  if (data.state === 'Done' && !isDone) setDone(true);
  const { request, total, done, failed, tokens = {} } = data;
  const found = Object.entries(tokens).map(([state, bots]) => `${bots} ${state}`);
  return (
    <span role="status" class="muted">
      {NAMES[request] ?? request}:{' '}
      <progress value={done + failed} max={Math.max(total, 1)} aria-label="Progress" /> {done} of{' '}
      {total}
      {failed > 0 && `, ${failed} failed`}
      {found.length > 0 && ` (${found.join(', ')})`}
    </span>
  );
}
