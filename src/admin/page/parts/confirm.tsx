import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../http.ts';
import { Failure } from './notice.tsx';

/** Something to fill in before an action. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly initial: string;
  /** A whole number from 1 to this; text where it is not given. */
  readonly most?: number;
  /** What a browser checks text by, as in HTML's `pattern`, and what it says of it. */
  readonly pattern?: string;
  readonly hint?: string;
}

/** What was filled in, by the names of the fields. */
export type Values = Readonly<Record<string, string>>;

/** Something that is done only after a second word. */
export interface Action {
  /** What the button says, and the one that confirms. */
  readonly label: string;
  /** What will happen, to what, and what it means for its users. */
  readonly consequence: string;
  readonly isDangerous?: boolean;
  readonly fields?: readonly Field[];
  /** Does it. What it resolves to is told to whoever asked. */
  readonly run: (values: Values) => Promise<string | undefined>;
}

/** What a button and its dialog go by. */
interface ActionProps {
  readonly action: Action;
  /** Told how it went. */
  readonly onDone: (said: string) => void;
}

/** A button that asks before it acts, and says how it went. */
export function ActionButton({ action, onDone }: ActionProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class={action.isDangerous ? 'danger' : ''}
        onClick={() => setOpen(true)}
      >
        {action.label}
      </button>
      {isOpen && (
        <Confirm
          action={action}
          onDone={onDone}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}

function Confirm({ action, onDone, onClose }: ActionProps & { readonly onClose: () => void }) {
  const { label, consequence, isDangerous, fields = [] } = action;
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => dialog.current?.showModal(), []);

  const run = async (form: HTMLFormElement): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      const said = await action.run(valuesOf(form));
      onClose();
      onDone(said ?? `${label}: done.`);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void run(event.currentTarget);
        }}
      >
        <h2 id={title}>{label}?</h2>
        <p>{consequence}</p>
        {fields.map((field) => (
          <FieldInput key={field.name} field={field} />
        ))}
        {problem && <Failure problem={problem} />}
        <div class="actions">
          <button type="button" autofocus disabled={isBusy} onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'danger filled' : 'filled'} disabled={isBusy}>
            {isBusy ? 'Working …' : label}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function FieldInput({
  field: { name, label, initial, most, pattern, hint },
}: {
  readonly field: Field;
}) {
  const shared = { name, defaultValue: initial, required: true };
  return (
    <label class="field">
      {label}
      {most === undefined ? (
        <input type="text" {...shared} pattern={pattern} title={hint} />
      ) : (
        <input type="number" {...shared} min={1} max={most} />
      )}
      {hint !== undefined && <small class="muted">{hint}</small>}
    </label>
  );
}

function valuesOf(form: HTMLFormElement): Values {
  const entries = [...new FormData(form)];
  return Object.fromEntries(entries.filter((entry) => typeof entry[1] === 'string')) as Values;
}
