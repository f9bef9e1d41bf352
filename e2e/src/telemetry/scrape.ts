import type { ServerProcess } from '../external-db-sync/support/server-process.ts';

export const METRICS_SECRET = 'the metrics secret of the test servers';

export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

/** What one reading of the metrics said. */
export type Scraped = {
  readonly text: string;
  readonly samples: readonly Sample[];
  /** By the name of the metric. */
  readonly types: ReadonlyMap<string, string>;
};

export async function scrape(server: ServerProcess, secret: string = METRICS_SECRET): Promise<Scraped> {
  const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${secret}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The metrics could not be read: ${answer.status} ${text}`);
  const lines = text.split('\n').filter((line) => line !== '');
  const types = lines.flatMap((line) => {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name === undefined || type === undefined ? [] : [[name, type] as const];
  });
  return { text, types: new Map(types), samples: lines.filter((line) => !line.startsWith('#')).map(parseSample) };
}

function parseSample(line: string): Sample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

/** The sum of the samples of that name that have these labels; 0 if there are none. */
export function sumOf({ samples }: Scraped, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels);
  return samples
    .filter((sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
