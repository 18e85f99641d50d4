import { Empty } from '../parts/notice.tsx';

/** That nothing of the past is kept here, and how that would be. */
export function NoHistory() {
  return (
    <Empty title="No history can be asked at present">
      What bots did is kept in Postgres. In a cluster a Secret with its address switches that on; a
      standalone has a database of its own, which takes some seconds to start, unless it runs with{' '}
      <code>--no-history</code>.
    </Empty>
  );
}
