import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { subscribeToTheme } from '../app/theme.ts';
import styles from './chart.module.css';

export type Series = { name: string; values: readonly (number | null)[] };

type ChartProps = {
  /** What is drawn, as a sentence for those who do not see it. */
  label: string;
  /** Times of the samples, in ms. */
  times: readonly number[];
  /** The moments at the left and the right edge, in ms. Default: the first and the last sample. */
  from?: number;
  until?: number;
  /** At most three. */
  series: readonly Series[];
  format: (value: number) => string;
};

/** Up to there a line stays low: one row in ten seconds is no peak. */
const LEAST_HEIGHT = 4;
const COLOURS = ['--chart-1', '--chart-2', '--chart-3'] as const;
const SWATCHES = [styles.swatch1, styles.swatch2, styles.swatch3];

/** Lines over time. The latest values are beside the names; pointing at a moment shows those of that moment. */
export function Chart({ label, times, from, until, series, format }: ChartProps) {
  const [pointedAt, setPointedAt] = useState<number | null>(null);
  const at = pointedAt ?? times.length - 1;
  return (
    <figure className={styles.chart} aria-label={`${label} ${summaryOf(series, format)}`} role="img">
      <ul className={styles.legend} aria-hidden="true">
        {series.map(({ name, values }, index) => (
          <li key={name}>
            <span className={`${styles.swatch} ${SWATCHES[index]}`} />
            {name}
            <strong>{shown(values[at], format)}</strong>
          </li>
        ))}
      </ul>
      {times.length < 2 ? (
        <div className={styles.empty}>Samples come every few seconds.</div>
      ) : (
        <Plot times={times} from={from} until={until} series={series} format={format} onPoint={setPointedAt} />
      )}
    </figure>
  );
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value);
}

function summaryOf(series: readonly Series[], format: (value: number) => string): string {
  return series
    .map(({ name, values }) => {
      const known = values.filter((value) => value !== null);
      return `${name}: now ${shown(known.at(-1), format)}, at most ${shown(known.length > 0 ? Math.max(...known) : null, format)}.`;
    })
    .join(' ');
}

type PlotProps = Omit<ChartProps, 'label'> & { onPoint: (index: number | null) => void };

function Plot({ times, from = times[0] ?? 0, until = times.at(-1) ?? 0, series, format, onPoint }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data: uPlot.AlignedData = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
  const latest = useRef(data);
  latest.current = data;
  const theme = useSyncExternalStore(subscribeToTheme, themeKey);
  const names = series.map(({ name }) => name).join('\n');

  // Anew for other lines or colours only: samples are put into the plot that is there.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `theme` stands for the colours, which are read from the page.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(names.split('\n'), format, element, onPoint), latest.current, element);
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names, format, onPoint, theme]);
  useEffect(() => {
    plot.current?.setData(latest.current, false);
    plot.current?.setScale('x', { min: from / 1_000, max: until / 1_000 });
  });
  return <div ref={place} className={styles.plot} aria-hidden="true" />;
}

function themeKey(): string {
  const system = window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  return document.documentElement.dataset.theme ?? system;
}

function optionsOf(
  names: string[],
  format: (value: number) => string,
  element: HTMLElement,
  onPoint: (index: number | null) => void,
): uPlot.Options {
  const css = getComputedStyle(element);
  const colour = (name: string) => css.getPropertyValue(name).trim();
  const axis = {
    stroke: colour('--text-faint'),
    font: `11px ${css.fontFamily}`,
    grid: { stroke: colour('--chart-grid'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(max * 1.1, LEAST_HEIGHT)] } },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map(clock), space: 70, size: 28 },
      { ...axis, values: (_plot, ticks) => ticks.map(format), size: 58, space: 34 },
    ],
    series: [
      {},
      ...names.map((label, index) => ({
        label,
        stroke: colour(COLOURS[index] ?? '--chart-1'),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

function clock(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}
