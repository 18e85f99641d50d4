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
            <Share state={state} value={value} href={hrefOf?.(state)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Share({
  state,
  value,
  href,
}: {
  readonly state: string;
  readonly value: number;
  readonly href: string | undefined;
}) {
  const kind = `state ${toneOf(state)}`;
  const words = `${state} ${count(value)}`;
  if (href === undefined) return <span class={kind}>{words}</span>;
  return (
    <a class={kind} href={href}>
      {words}
    </a>
  );
}
