import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** One column of a {@link VirtualTable}. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** As in CSS' `grid-template-columns`. */
  readonly width: string;
  /** Figures stand to the right. */
  readonly isNumber?: boolean;
  /** What the list can be sorted by, where it can be sorted by this. */
  readonly sort?: string;
  /** The first column's cells hold the link that the arrow keys go to. */
  readonly cell: (row: Row) => ComponentChildren;
}

/** What a {@link VirtualTable} shows. */
export interface VirtualTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** How many rows there are in all, as far as that is known; those that are not here yet count. */
  readonly total?: number | undefined;
  readonly sort?: string | undefined;
  readonly onSort?: (sort: string) => void;
  /** Called when the last rows come into sight. */
  readonly onEnd?: () => void;
}

/** The same in style.css. */
const ROW_PX = 30;
const BEYOND = 12;

/**
 * A table that holds any number of rows and draws those in sight. The arrow keys go from row to
 * row; screen readers hear how many there are, and at which one they are.
 */
export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, columns, rows, keyOf, total = rows.length, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [window, setWindow] = useState({ first: 0, last: 60 });
  const [active, setActive] = useState(-1);
  const { first, last } = window;

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const look = (): void => setWindow(rowsInSight(element));
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);

  useEffect(() => {
    if (last >= rows.length - 1) onEnd?.();
  }, [last, rows.length, onEnd]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const element = scroller.current;
    if (step === undefined || !element) return;
    event.preventDefault();
    const next = Math.min(Math.max(active < 0 ? first : active + step, 0), rows.length - 1);
    setActive(next);
    element.scrollTop = scrolledTo(element, next);
    setWindow(rowsInSight(element));
    requestAnimationFrame(() => {
      element
        .querySelector<HTMLElement>(`[data-index="${next}"] a`)
        ?.focus({ preventScroll: true });
    });
  };

  const columnWidths = { '--columns': columns.map(({ width }) => width).join(' ') };
  return (
    // The arrow keys work wherever the focus is within.
    <div
      class="scroller"
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      <div
        class="table"
        role="table"
        aria-label={label}
        aria-rowcount={total + 1}
        style={columnWidths}
      >
        <div role="rowgroup" class="head">
          <Heads {...props} />
        </div>
        <div role="rowgroup" class="body" style={{ height: `${rows.length * ROW_PX}px` }}>
          {drawn(rows.length, window, active).map((index) => {
            const row = rows[index] as Row;
            return (
              <div
                role="row"
                class="row"
                key={keyOf(row)}
                aria-rowindex={index + 2}
                data-index={index}
                style={{ transform: `translateY(${index * ROW_PX}px)` }}
                onFocusCapture={() => setActive(index)}
              >
                {columns.map(({ key, cell, isNumber }) => (
                  <div role="cell" key={key} class={isNumber ? 'cell number' : 'cell'}>
                    {cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function Heads<Row>({ columns, sort, onSort }: VirtualTableProps<Row>) {
  return (
    <div role="row" class="row" aria-rowindex={1}>
      {columns.map((column) => (
        <div
          role="columnheader"
          key={column.key}
          class={column.isNumber ? 'cell number' : 'cell'}
          aria-sort={direction(sort, column.sort)}
        >
          {column.sort && onSort ? (
            <button type="button" class="sort" onClick={() => onSort(opposite(sort, column.sort))}>
              {column.title}
            </button>
          ) : (
            column.title
          )}
        </div>
      ))}
    </div>
  );
}

/** A sort key with a `-` in front is the other way round. */
function direction(sort: string | undefined, key: string | undefined) {
  if (key === undefined || sort === undefined) return undefined;
  if (sort === key) return 'ascending';
  return sort === `-${key}` ? 'descending' : 'none';
}

function opposite(sort: string | undefined, key = ''): string {
  return sort === key ? `-${key}` : key;
}

function rowsInSight(element: HTMLElement): { readonly first: number; readonly last: number } {
  const first = Math.floor(element.scrollTop / ROW_PX);
  const last = Math.ceil((element.scrollTop + element.clientHeight) / ROW_PX);
  return { first: Math.max(0, first - BEYOND), last: last + BEYOND };
}

/** Those in sight, and the one that has the focus: it would be lost with it. */
function drawn(
  rows: number,
  { first, last }: { first: number; last: number },
  active: number,
): number[] {
  const indexes: number[] = [];
  for (let index = first; index <= Math.min(last, rows - 1); index++) indexes.push(index);
  if (active >= 0 && active < rows && (active < first || active > last)) indexes.push(active);
  return indexes;
}

/** Where to scroll to so that a row stands below the head and above the end. */
function scrolledTo(element: HTMLElement, index: number): number {
  const top = index * ROW_PX;
  const room = element.clientHeight - 2 * ROW_PX;
  if (top < element.scrollTop) return top;
  return top > element.scrollTop + room ? top - room : element.scrollTop;
}
