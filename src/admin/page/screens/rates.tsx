import type { FleetRatesView } from '../../views/fleet.ts';
import type { Rates } from '../answers.ts';
import { now } from '../browser-clock.ts';
import { ago, count, NOTHING, percent } from '../format.ts';
import { BotLink } from '../parts/bot-link.tsx';
import { Heading } from '../parts/heading.tsx';
import { Answered, Empty } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { useQuery } from '../use-query.ts';

/** How limits are handed out and used; who pauses, and who waits for a first start. */
export function RatesScreen() {
  const rates = useQuery<Rates>('/v1/rates', 5_000);
  return (
    <>
      <Heading title="Rates">
        <span class="muted">calls a second</span>
      </Heading>
      <Answered query={rates}>
        {({ fleets, cooldowns, coldStarts }) => (
          <>
            {fleets.length === 0 && (
              <Empty title="No fleet whose rates you may see">
                To see them one needs the right to <code>get botfleets/rates</code>.
              </Empty>
            )}
            {fleets.map((fleet) => (
              <Fleet key={`${fleet.namespace}/${fleet.name}`} fleet={fleet} />
            ))}
            <div class="panels">
              <Cooldowns {...cooldowns} />
              <ColdStarts {...coldStarts} />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Fleet({ fleet }: { readonly fleet: FleetRatesView }) {
  const { name, perSecond, granted, used, methods, shards } = fleet;
  if (perSecond === null && methods.length === 0) {
    return (
      <Panel title={`Fleet ${name}`}>
        <Empty title="This fleet has no limit">
          Its bots call Telegram as fast as their own limits let them. <code>spec.rateLimits</code>{' '}
          of the BotFleet sets one for all of them together.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel title={`Fleet ${name}`}>
      <div class="inside scrolls">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Limit of</th>
              <th scope="col">Use of the cap</th>
              <th scope="col" class="number">
                Used
              </th>
              <th scope="col" class="number">
                Granted
              </th>
              <th scope="col" class="number">
                Cap
              </th>
            </tr>
          </thead>
          <tbody>
            {perSecond !== null && (
              <Limit of="all calls" cap={perSecond} granted={granted} used={used} />
            )}
            {methods.map(({ method, perSecond, granted, used }) => (
              <Limit key={method} of={method} cap={perSecond ?? 0} granted={granted} used={used} />
            ))}
          </tbody>
        </table>
        {shards.length > 1 && (
          <p class="muted">
            Handed out to {shards.length} shards: <a href="/shards?by=calls">see each of them</a>.
          </p>
        )}
      </div>
    </Panel>
  );
}

interface LimitProps {
  readonly of: string;
  readonly cap: number;
  readonly granted: number | null;
  readonly used: number | null;
}

function Limit({ of, cap, granted, used }: LimitProps) {
  const share = (value: number | null): number =>
    cap > 0 ? Math.min(100, (100 * (value ?? 0)) / cap) : 0;
  const usedPercent = share(used);
  const words = used === null ? NOTHING : `${percent(Math.round(usedPercent))} used`;
  return (
    <tr>
      <th scope="row">{of}</th>
      <td class="use">
        <div class="gauge" role="img" aria-label={words}>
          <span class="granted" style={{ width: `${share(granted)}%` }} />
          <span
            class={usedPercent > 90 ? 'used full' : 'used'}
            style={{ width: `${usedPercent}%` }}
          />
        </div>
      </td>
      <td class="number">{count(used)}</td>
      <td class="number">{count(granted)}</td>
      <td class="number">{count(cap)}</td>
    </tr>
  );
}

function Cooldowns({ items, total = items.length }: Rates['cooldowns']) {
  return (
    <Panel
      title="Pauses that Telegram has asked for"
      beside={<span class="muted">{count(total)}</span>}
    >
      {items.length === 0 ? (
        <Empty title="No bot pauses">
          Telegram has not asked any of them to slow down just now.
        </Empty>
      ) : (
        <table class="plain">
          <tbody>
            {items.map((bot) => (
              <tr key={`${bot.namespace}/${bot.name}`}>
                <td>
                  <BotLink {...bot} />
                </td>
                <td class="number">over {ago(bot.until, now.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function ColdStarts({ items, total = items.length }: Rates['coldStarts']) {
  return (
    <Panel title="Waiting for a first start" beside={<span class="muted">{count(total)}</span>}>
      {items.length === 0 ? (
        <Empty title="No bot waits">
          Bots that Telegram has not seen for a while start in turn; none is in the queue.
        </Empty>
      ) : (
        <table class="plain">
          <tbody>
            {items.map((bot) => (
              <tr key={`${bot.namespace}/${bot.name}`}>
                <td>
                  <BotLink {...bot} />
                </td>
                <td class="muted">{bot.message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
