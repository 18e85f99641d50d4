import { count } from '../format.ts';
import { toneOf } from './state.tsx';

/** How many there are of each state, as one bar with its legend below. */
export function Bar({
  title,
  counts,
  hrefOf,
}: {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Where those in a state can be seen, if anywhere. */
  readonly hrefOf?: (state: string) => string;
}) {
  const some = Object.entries(counts).filter(([, value]) => value > 0);
  return (
    <div class="bar">
      <span class="muted">{title}</span>
      <div class="strip" aria-hidden="true">
        {some.map(([state, value]) => (
          <span key={state} class={toneOf(state)} style={{ flexGrow: value }} />
        ))}
      </div>
      <ul>
        {some.length === 0 && <li class="muted">nothing known yet</li>}
        {some.map(([state, value]) => (
          <li key={state}>
            <a href={hrefOf?.(state)} class={`state ${toneOf(state)}`}>
              {state} {count(value)}
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}
