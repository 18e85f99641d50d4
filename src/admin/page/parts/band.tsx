import { localTime, percent } from '../format.ts';
import { toneOf } from './state.tsx';

/** What a {@link Band} shows. */
export interface BandProps {
  readonly title: string;
  /** The begin of each step, RFC 3339. */
  readonly times: readonly string[];
  /** What holds in each step; null where nothing is known. */
  readonly states: readonly (string | null)[];
}

/** Which state something was in, over time: a strip of colours, and the shares in words. */
export function Band({ title, times, states }: BandProps) {
  const words = shares(states);
  return (
    <div class="band">
      <span class="band-title">{title}</span>
      <div class="strip" role="img" aria-label={`${title}: ${words}`}>
        {runs(states).map(({ state, from, length }) => (
          <span
            key={from}
            class={state === null ? 'unknown' : toneOf(state)}
            style={{ flexGrow: length }}
            title={`${state ?? 'Nothing known'}, from ${localTime(times[from])}`}
          />
        ))}
      </div>
      <span class="band-words">{words}</span>
    </div>
  );
}

interface Run {
  readonly state: string | null;
  readonly from: number;
  readonly length: number;
}

/** What stayed the same, as one. */
function runs(states: readonly (string | null)[]): Run[] {
  const found: Run[] = [];
  for (const [index, state] of states.entries()) {
    const last = found.at(-1);
    if (last && last.state === state)
      found[found.length - 1] = { ...last, length: last.length + 1 };
    else found.push({ state, from: index, length: 1 });
  }
  return found;
}

/** `Healthy 98 %, Degraded 2 %`, of the time that something is known of. */
function shares(states: readonly (string | null)[]): string {
  const known = states.filter((state) => state !== null);
  if (known.length === 0) return 'nothing known';
  const counts = Map.groupBy(known, (state) => state);
  return [...counts]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([state, { length }]) => `${state} ${percent((100 * length) / known.length)}`)
    .join(', ');
}
