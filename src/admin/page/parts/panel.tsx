import type { ComponentChildren } from 'preact';

/** A part of a view with a heading of its own. */
export function Panel({
  title,
  beside,
  children,
  isWide = false,
}: {
  readonly title: string;
  /** Stands to the right of the heading. */
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly isWide?: boolean;
}) {
  return (
    <section class={isWide ? 'panel wide' : 'panel'}>
      <header>
        <h2>{title}</h2>
        {beside}
      </header>
      {children}
    </section>
  );
}
