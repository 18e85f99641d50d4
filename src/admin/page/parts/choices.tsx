/** What {@link Choices} lets one choose from. */
export interface ChoicesProps {
  readonly label: string;
  /** What each value is called. */
  readonly options: Readonly<Record<string, string>>;
  readonly value: string;
  readonly onChoose: (value: string) => void;
}

/** A few values side by side, of which one holds. */
export function Choices({ label, options, value, onChoose }: ChoicesProps) {
  return (
    <div class="choices" role="group" aria-label={label}>
      {Object.entries(options).map(([key, title]) => (
        <button type="button" key={key} aria-pressed={key === value} onClick={() => onChoose(key)}>
          {title}
        </button>
      ))}
    </div>
  );
}
