import type { Tone } from './state.tsx';

/** A figure with its name; stands in a list of definitions. */
export function Figure({
  title,
  value,
  beside,
  tone,
}: {
  readonly title: string;
  readonly value: string;
  readonly beside?: string | undefined;
  readonly tone?: Tone | undefined;
}) {
  return (
    <div>
      <dt>{title}</dt>
      <dd class={tone}>
        {value}
        {beside !== undefined && <small> {beside}</small>}
      </dd>
    </div>
  );
}
