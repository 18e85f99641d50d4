import { compact, count } from '../format.ts';

/** A few figures side by side as columns; each says its value, too. */
export function Columns({
  title,
  names,
  values,
}: {
  readonly title: string;
  readonly names: readonly string[];
  readonly values: readonly number[];
}) {
  const highest = Math.max(...values, 1);
  const words = names.map((name, index) => `${name}: ${compact(values[index])}`).join(', ');
  return (
    <figure class="columns">
      <figcaption>{title}</figcaption>
      <div role="img" aria-label={`${title}. ${words}`}>
        {values.map((value, index) => (
          <span key={names[index]} title={`${names[index]}: ${count(value)}`}>
            <span style={{ height: `${(100 * value) / highest}%` }} />
            <small>{names[index]}</small>
          </span>
        ))}
      </div>
    </figure>
  );
}
