import type { ErrorPage } from '../answers.ts';
import { now } from '../browser-clock.ts';
import { ago, count } from '../format.ts';
import { Answered, Empty } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { type SomeBots, withParams } from '../query-string.ts';
import { useQuery } from '../use-query.ts';

/** Which errors bots had, the most frequent first. */
export function ErrorKinds(params: SomeBots & { readonly days: string }) {
  const errors = useQuery<ErrorPage>(
    withParams('/v1/usage/errors', { ...params, limit: 20 }),
    60_000,
  );
  return (
    <Panel title="Errors by cause">
      <Answered query={errors}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No errors in this time">
              Calls and handlers that fail are counted here.
            </Empty>
          ) : (
            <div class="scrolls" tabIndex={0} role="region" aria-label="Errors by cause">
              <table class="plain">
                <thead>
                  <tr>
                    <th scope="col">What happened</th>
                    <th scope="col">When</th>
                    <th scope="col" class="number">
                      Times
                    </th>
                    <th scope="col" class="number">
                      Bots
                    </th>
                    <th scope="col">Last</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ fingerprint, sample, errors, bots, last, slots }) => (
                    <tr key={fingerprint}>
                      <td>
                        {sample} <code class="muted">{fingerprint}</code>
                      </td>
                      <td>
                        <Slots slots={slots} />
                      </td>
                      <td class="number">{count(errors)}</td>
                      <td class="number">{count(bots)}</td>
                      <td class="muted">{ago(last, now.value)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Answered>
    </Panel>
  );
}

function Slots({ slots }: { readonly slots: readonly number[] }) {
  const highest = Math.max(...slots, 1);
  return (
    <div class="spark" aria-hidden="true">
      {slots.map((value, index) => (
        // They are a place in time, and nothing else.
        <span key={index} style={{ height: `${(100 * value) / highest}%` }} />
      ))}
    </div>
  );
}
