import { useEffect, useRef, useState } from 'preact/hooks';
import { after } from '../browser-clock.ts';
import { search, setSearch } from '../router.ts';

/** How long somebody pauses who has finished a word. */
const PAUSE_MS = 200;

/** A text to look for, which stands in the address under `name`. The key `/` leads to it. */
export function SearchBox({
  name,
  label,
  placeholder,
}: {
  readonly name: string;
  readonly label: string;
  readonly placeholder: string;
}) {
  const given = search.value.get(name) ?? '';
  const [text, setText] = useState(given);
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => setText(given), [given]);
  useEffect(() => {
    if (text === given) return undefined;
    return after(PAUSE_MS, () => setSearch({ [name]: text }));
  }, [text]);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      const isTyping =
        event.target instanceof Element && event.target.matches('input, select, textarea');
      if (event.key !== '/' || isTyping) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  return (
    <input
      ref={input}
      type="search"
      aria-label={label}
      aria-keyshortcuts="/"
      placeholder={`${placeholder}  ( / )`}
      maxLength={100}
      value={text}
      onInput={({ currentTarget }) => setText(currentTarget.value)}
    />
  );
}
