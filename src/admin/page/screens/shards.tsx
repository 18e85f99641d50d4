import type { FleetShards } from '../../views/fleet.ts';
import type { Shards } from '../answers.ts';
import { count, NOTHING, percent } from '../format.ts';
import { Choices } from '../parts/choices.tsx';
import { Heading } from '../parts/heading.tsx';
import { Answered, Empty } from '../parts/notice.tsx';
import { Panel } from '../parts/panel.tsx';
import { State } from '../parts/state.tsx';
import { withParams } from '../query-string.ts';
import { search, setSearch } from '../router.ts';
import { useQuery } from '../use-query.ts';

const MEASURES = { bots: 'Bots', calls: 'Calls' } as const;
type Measure = keyof typeof MEASURES;

/** The shards of each fleet as a heat map: how full they are, or how much of their rate they use. */
export function ShardsScreen() {
  const fleets = useQuery<Shards>('/v1/shards', 10_000);
  const measure: Measure = search.value.get('by') === 'calls' ? 'calls' : 'bots';
  return (
    <>
      <Heading title="Shards">
        <span class="spread" />
        <Choices
          label="What the colours tell"
          options={MEASURES}
          value={measure}
          onChoose={(by) => setSearch({ by })}
        />
      </Heading>
      <Answered query={fleets}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No fleet has shards that you may see">
              A BotFleet gives its bots shards to run on. To see them one needs the right to{' '}
              <code>get botfleets/placement</code>.
            </Empty>
          ) : (
            items.map((fleet) => (
              <Fleet key={`${fleet.namespace}/${fleet.name}`} fleet={fleet} measure={measure} />
            ))
          )
        }
      </Answered>
    </>
  );
}

function Fleet({ fleet, measure }: { readonly fleet: FleetShards; readonly measure: Measure }) {
  const { name, shards, readyShards, bots, readyBots, capacity, rollout, perShard } = fleet;
  const roomOfOne = shards === 0 ? 0 : capacity / shards;
  const trouble = fleet.conditions.find(
    ({ type, status }) => type === 'Ready' && status === 'False',
  );
  return (
    <Panel
      title={`Fleet ${name}`}
      beside={
        <span class="muted">
          {readyShards} of {shards} shards ready · {count(readyBots)} of{' '}
          <a href={withParams('/bots', { fleet: name })}>{count(bots)} bots</a> ready · room for{' '}
          {count(capacity)}
        </span>
      }
    >
      <div class="inside">
        {trouble && <p class="notice warn">{trouble.message}</p>}
        {rollout && (
          <p class="notice">
            Pods are being renewed ({rollout.phase}); shard {rollout.canary} goes first.
          </p>
        )}
        {perShard.length === 0 ? (
          <Empty title="No shards yet">They come with the fleet's first bots.</Empty>
        ) : (
          <ul class="heat" aria-label={`Shards of ${name}`}>
            {perShard.map((shard) => (
              <Cell key={shard.shard} shard={shard} measure={measure} roomOfOne={roomOfOne} />
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}

/** As many as there are in style.css, from `heat-0` on. */
const LEVELS = 5;

function Cell({
  shard: { shard, ready, bots, granted, used },
  measure,
  roomOfOne,
}: {
  readonly shard: FleetShards['perShard'][number];
  readonly measure: Measure;
  readonly roomOfOne: number;
}) {
  const [part, whole] = measure === 'bots' ? [bots, roomOfOne] : [used ?? 0, granted ?? 0];
  const share = whole > 0 ? Math.min(part / whole, 1) : 0;
  const calls = used === null ? 'no limit' : `${count(used)} of ${count(granted)} calls/s`;
  return (
    <li
      class={`heat-${Math.ceil(share * LEVELS)}${ready ? '' : ' out'}`}
      title={`Shard ${shard}: ${count(bots)} bots, ${calls}${ready ? '' : ', not at work'}`}
    >
      <span class="muted">#{shard}</span>
      <span>{measure === 'bots' ? count(bots) : used === null ? NOTHING : count(used)}</span>
      {ready ? (
        <span class="muted">{whole > 0 ? percent(Math.round(share * 100)) : NOTHING}</span>
      ) : (
        <State of="away" tone="bad" />
      )}
    </li>
  );
}
