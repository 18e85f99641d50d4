import { useEffect } from 'preact/hooks';
import { every } from '../browser-clock.ts';
import { askWhoIAm } from '../me.ts';
import { Empty } from '../parts/notice.tsx';

const LOOK_EVERY_MS = 5_000;

/** That nothing of the past can be asked, and how that would be. Looks whether that has changed. */
export function NoHistory() {
  useEffect(() => every(LOOK_EVERY_MS, () => void askWhoIAm().catch(() => undefined)), []);
  return (
    <Empty title="No history can be asked at present">
      What bots did is kept in Postgres. In a cluster a Secret with its address switches that on; a
      standalone has a database of its own, which takes some seconds to start, unless it runs with{' '}
      <code>--no-history</code>.
    </Empty>
  );
}
