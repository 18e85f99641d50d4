import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { parseTime } from '../browser-clock.ts';
import { axisTimes } from '../format.ts';
import { theme } from '../theme.ts';

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** Of a colour in style.css. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  /** Filled down to zero. */
  readonly isArea?: boolean;
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  /** RFC 3339, ascending; as many as each line has values. */
  readonly times: readonly string[];
  readonly lines: readonly Line[];
  readonly format: (value: number | null) => string;
  /** Charts with one name show the same moment together. */
  readonly group?: string | undefined;
}

/** Lines over time. Said in words as well, for those who don't see it. */
export function Chart({ title, times, lines, format, group }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chosen = theme.value;

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const seconds = times.map((time) => (parseTime(time)?.getTime() ?? 0) / 1_000);
    const data: uPlot.AlignedData = [seconds, ...lines.map(({ values }) => [...values])];
    const size = () => ({ width: Math.max(element.clientWidth, 200), height: 150 });
    const options = { ...size(), ...look(element, { lines, format, group }) };
    const plot = new uPlot(options, data, element);
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recolor = (): void => plot.redraw(false);
    dark.addEventListener('change', recolor);
    return () => {
      dark.removeEventListener('change', recolor);
      observer.disconnect();
      plot.destroy();
    };
  }, [times, lines, format, group, chosen]);

  const words = lines.map((line) => `${line.label}: ${inWords(line.values, format)}`).join('. ');
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`${title}. ${words}`} />
    </figure>
  );
}

function inWords(values: readonly (number | null)[], format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return 'nothing known';
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return `last ${format(known.at(-1) ?? 0)}, from ${format(low)} to ${format(high)}`;
}

function look(
  element: HTMLElement,
  { lines, format, group }: Pick<ChartProps, 'lines' | 'format' | 'group'>,
): Omit<uPlot.Options, 'width' | 'height'> {
  // Asked for whenever it is drawn: colours follow the theme.
  const color = (name: string) => () => colorOf(element, name);
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const axis = {
    stroke: color('muted'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    cursor: { ...(group !== undefined && { sync: { key: group } }), drag: { x: false, y: false } },
    legend: { live: true },
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, space: 60, size: 28, values: (_plot, ticks) => axisTimes(ticks) },
      { ...axis, size: 62, values: (_plot, ticks) => ticks.map((tick) => format(tick)) },
    ],
    series: [
      { value: '{DD} {MMM} {HH}:{mm}' },
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        ...(line.isArea && { fill: color(`${line.color}-area`) }),
        width: 1.5,
        points: { show: false },
        value: (_plot: uPlot, value: number | null) => format(value),
      })),
    ],
  };
}

/** A colour of style.css as a canvas takes it: the browser alone knows which of a pair holds. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
