import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { asProblem, type Problem } from '../http.ts';
import { Failure } from './notice.tsx';

/** Something that is done only after a second word. */
export interface Action {
  /** What the button says, and the one that confirms. */
  readonly label: string;
  /** What will happen, to what, and what it means for its users. */
  readonly consequence: string;
  readonly isDangerous?: boolean;
  /** Does it. What it resolves to is told to whoever asked. */
  readonly run: () => Promise<string | undefined>;
}

/** A button that asks before it acts, and says how it went. */
export function ActionButton({
  action,
  onDone,
}: {
  readonly action: Action;
  readonly onDone: (said: string) => void;
}) {
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
          onClose={(said) => {
            setOpen(false);
            if (said !== undefined) onDone(said);
          }}
        />
      )}
    </>
  );
}

function Confirm({
  action,
  onClose,
}: {
  readonly action: Action;
  readonly onClose: (said?: string) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => dialog.current?.showModal(), []);

  const run = async (): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      onClose((await action.run()) ?? `${action.label}: done.`);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };

  return (
    <dialog ref={dialog} aria-labelledby={title} onClose={() => onClose()}>
      <h2 id={title}>{action.label}?</h2>
      <p>{action.consequence}</p>
      {problem && <Failure problem={problem} />}
      <div class="actions">
        <button type="button" autofocus disabled={isBusy} onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          class={action.isDangerous ? 'danger filled' : 'filled'}
          disabled={isBusy}
          onClick={() => void run()}
        >
          {isBusy ? 'Working …' : action.label}
        </button>
      </div>
    </dialog>
  );
}
