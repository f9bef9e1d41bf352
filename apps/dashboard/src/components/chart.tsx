import { lazyRouteComponent } from '@tanstack/react-router';
import { Suspense, useState } from 'react';
import styles from './chart.module.css';

/** Loaded with the first chart that is drawn; the page is loaded anew if the server has other files by then. */
const Plot = lazyRouteComponent(() => import('./plot.tsx'), 'Plot');

export type Series = { name: string; values: readonly (number | null)[] };

export type ChartProps = {
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
        <Suspense fallback={<div className={styles.plot} />}>
          <Plot times={times} from={from} until={until} series={series} format={format} onPoint={setPointedAt} />
        </Suspense>
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
