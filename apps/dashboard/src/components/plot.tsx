import { useEffect, useRef, useSyncExternalStore } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { shownTheme, subscribeToTheme } from '../app/theme.ts';
import styles from './chart.module.css';
import type { ChartProps } from './chart.tsx';

/** Up to there a line stays low: one row in ten seconds is no peak. */
const LEAST_HEIGHT = 4;
const COLOURS = ['--chart-1', '--chart-2', '--chart-3'] as const;

type PlotProps = Omit<ChartProps, 'label'> & { onPoint: (index: number | null) => void };

/** The lines themselves, on a canvas. */
export function Plot({ times, from = times[0] ?? 0, until = times.at(-1) ?? 0, series, format, onPoint }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data: uPlot.AlignedData = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])];
  const latest = useRef(data);
  latest.current = data;
  const theme = useSyncExternalStore(subscribeToTheme, shownTheme);
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
