import { Empty } from '../parts/notice.tsx';

/** That there are no bots, and how one comes. */
export function NoBots() {
  return (
    <Empty title="There are no bots yet">
      A bot comes with its manifest: <code>kubectl apply -f bot.yaml</code> in a cluster, a file in
      the watched folder where one runs standalone. You see bots in the namespaces where you may
      list TenantBots.
    </Empty>
  );
}
